/** A member of a contract: where it is, and what may stand there. */
export type ContractMember = {
  /** `data.items[].quantity` */
  path: string;
  /** JSON Schema's types without `null`; `choice` where one of several objects fits. */
  types: string[];
  required: boolean;
  description?: string;
  /** The values that may stand there, as JSON. */
  values?: string[];
  format?: string;
  minimum?: number;
  maximum?: number;
};

/** The contract that a message should keep: its event, and its members. */
export type LetterContract = {
  type: string;
  version: string;
  description: string;
  file: string;
  members: ContractMember[];
};
