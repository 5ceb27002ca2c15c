/** The tables that this shop has beside the shipped ones: `loyalty` is the table `LoyaltyTable` of a route. */
export const customTables = [] as const satisfies readonly string[];
