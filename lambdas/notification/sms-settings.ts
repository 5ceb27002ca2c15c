/** Hours of the day, 0 to 23, local to the number: from which to which nobody is texted. */
export type QuietHours = { from: number; to: number };

/** What a deployment chooses for all texts (`infra/settings.ts` says how). */
export type SmsSettings = {
  /** Who the text seems to come from, where the country allows a name. @default a number of Amazon's */
  senderId?: string;
  /** What a number may begin with: `+82`, `+447`. @default anything but what is known to be dear */
  countries?: readonly string[];
  /** How many texts one number gets a day (UTC); 0 for any number of them. */
  perDay: number;
  /** In US dollars: SNS does not send a text that costs more. */
  maxPrice: string;
  /** @default none */
  quietHours?: QuietHours;
};
