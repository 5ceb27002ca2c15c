/** The index of the payments table that holds only payments whose money a person has to send back. */
export const dueRefundsIndex = 'due-refunds';

/** Marks a payment for the index; the attribute is the index's key and is absent otherwise. */
export const REFUND_DUE = 'due';
