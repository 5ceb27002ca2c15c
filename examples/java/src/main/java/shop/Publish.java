package shop;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import shop.OrderPublisher.Customer;
import shop.OrderPublisher.Item;
import shop.OrderPublisher.Order;
import shop.OrderPublisher.Outcome;
import shop.OrderPublisher.Payment;
import shop.OrderPublisher.Total;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sns.SnsClient;

/** An existing service publishes orders: the AWS SDK and nothing of ours. Arguments: topic ARN, order ids. */
public class Publish {

  /**
   * In a Spring service this is a {@code @Bean}. The SDK repeats a call that was throttled, failed with 5xx or got no answer, and
   * waits longer each time. If the first try was taken and only its answer lost, the order arrives twice, as a message with a new
   * id. That is safe: the shop goes by the order's id, so nobody is charged twice, and sending again is always better than wondering.
   */
  static SnsClient snsClient() {
    var retries = AwsRetryStrategy.standardRetryStrategy().toBuilder().maxAttempts(OrderPublisher.MOST_TRIES).build();
    return SnsClient.builder()
        .overrideConfiguration(it -> it.retryStrategy(retries).apiCallAttemptTimeout(Duration.ofSeconds(3)))
        .build();
  }

  static Order order(String orderId) {
    return new Order(
        orderId, new Customer("c-7", "+821012345678", "ko"), new Payment("tok_visa"),
        List.of(new Item("KB-01", 1, 12_000)), new Total(12_000, "KRW"));
  }

  public static void main(String[] args) {
    var orders = Stream.of(args).skip(1).map(Publish::order).toList();
    try (var sns = snsClient()) {
      var publisher = new OrderPublisher(sns, args[0]);
      var outcomes = orders.size() > 1
          ? publisher.publishAll(orders)
          : List.of(publisher.publish(orders.isEmpty() ? order("o-1001") : orders.get(0)));
      outcomes.forEach(Publish::say);
      if (outcomes.stream().anyMatch(outcome -> outcome.refusal() != null)) System.exit(1);
    } catch (SdkException error) {
      // Nobody but the caller knows what to do now: keep the order and try later (see outbox/), or tell the customer.
      System.err.println("not published: " + error);
      System.exit(1);
    }
  }

  private static void say(Outcome outcome) {
    var orderId = outcome.order().orderId();
    if (outcome.refusal() == null) System.out.println("published " + orderId + " as " + outcome.messageId());
    else System.err.println("not published " + orderId + ": " + outcome.refusal());
  }
}
