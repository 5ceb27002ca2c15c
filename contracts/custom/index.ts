/** What this shop adds to the package `shop-messaging/contracts`. */
export {};
