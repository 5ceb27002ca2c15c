package shop;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import shop.OrderPublisher.Charge;
import shop.OrderPublisher.Customer;
import shop.OrderPublisher.Item;
import shop.OrderPublisher.Order;
import shop.OrderPublisher.Payment;
import shop.OrderPublisher.Result;
import shop.OrderPublisher.Total;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sns.SnsClient;

/** Publishes orders from an existing service with the AWS SDK only. Arguments: topic ARN, order ids. */
public class Publish {

  /**
   * In a Spring service this is a {@code @Bean}. The SDK retries throttled calls, 5xx responses and timeouts with exponential
   * backoff. If SNS accepted the first attempt and only the response was lost, the order arrives twice, with different message ids.
   * That is safe: the shop deduplicates by order id, so nobody is charged twice. Always send again when in doubt.
   */
  static SnsClient snsClient() {
    var retries = AwsRetryStrategy.standardRetryStrategy().toBuilder().maxAttempts(OrderPublisher.MAX_ATTEMPTS).build();
    return SnsClient.builder()
        .overrideConfiguration(config -> config.retryStrategy(retries).apiCallAttemptTimeout(Duration.ofSeconds(3)))
        .build();
  }

  static Order order(String orderId) {
    return new Order(
        orderId, "#1029", new Customer("c-7", "+821012345678", "ko"), new Payment("tok_visa"),
        List.of(new Item("KB-01", 1, 12_000)), List.of(new Charge("shipping", 3_000)), new Total(15_000, "KRW"));
  }

  public static void main(String[] args) {
    var orders = Stream.of(args).skip(1).map(Publish::order).toList();
    try (var sns = snsClient()) {
      var publisher = new OrderPublisher(sns, args[0]);
      var results = orders.size() > 1
          ? publisher.publishAll(orders)
          : List.of(publisher.publish(orders.isEmpty() ? order("o-1001") : orders.get(0)));
      results.forEach(Publish::print);
      if (results.stream().anyMatch(result -> result.error() != null)) System.exit(1);
    } catch (SdkException error) {
      // Only the caller can decide what to do now: store the order and retry later (see outbox/), or tell the customer.
      System.err.println("not published: " + error);
      System.exit(1);
    }
  }

  private static void print(Result result) {
    var orderId = result.order().orderId();
    if (result.error() == null) System.out.println("published " + orderId + " as " + result.messageId());
    else System.err.println("not published " + orderId + ": " + result.error());
  }
}
