package shop;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import software.amazon.awssdk.services.sns.SnsClient;
import software.amazon.awssdk.services.sns.model.PublishBatchRequestEntry;

/** Publishes orders. In a Spring service this is a {@code @Service}; nothing in it is ours but the event's shape. */
public class OrderPublisher {
  public static final int MOST_TRIES = 5;
  private static final int MOST_IN_A_CALL = 10; // what SNS takes; all ten together at most 256 KB

  public record Customer(String id, String phone, String locale) {}
  public record Payment(String token) {}
  public record Item(String sku, int quantity, long unitPrice) {}
  public record Total(long amount, String currency) {}
  public record Order(String orderId, Customer customer, Payment payment, List<Item> items, Total total) {}

  /** What became of an order: the message's id, or why SNS would not take it. */
  public record Outcome(Order order, String messageId, String refusal) {}

  private final SnsClient sns;
  private final String topicArn;
  private final ObjectMapper json = new ObjectMapper();

  public OrderPublisher(SnsClient sns, String topicArn) {
    this.sns = sns;
    this.topicArn = topicArn;
  }

  /** Publishes one order; throws what the SDK throws once its own retries are used up. */
  public Outcome publish(Order order) {
    var event = placed(UUID.randomUUID().toString(), order);
    return new Outcome(order, sns.publish(request -> request.topicArn(topicArn).message(event)).messageId(), null);
  }

  /** Publishes many orders, ten in a call. */
  public List<Outcome> publishAll(List<Order> orders) {
    var outcomes = new ArrayList<Outcome>();
    for (var start = 0; start < orders.size(); start += MOST_IN_A_CALL) {
      outcomes.addAll(publishTen(orders.subList(start, Math.min(start + MOST_IN_A_CALL, orders.size()))));
    }
    return outcomes;
  }

  /** A batch can succeed in part, with status 200, which no SDK repeats: what failed is sent again, unless it never can succeed. */
  private List<Outcome> publishTen(List<Order> orders) {
    var outcomes = new ArrayList<Outcome>();
    var waiting = new LinkedHashMap<String, Order>();
    var entries = new LinkedHashMap<String, PublishBatchRequestEntry>();
    for (var order : orders) {
      // Made once per order: the event is the same however often it is sent.
      var id = UUID.randomUUID().toString();
      waiting.put(id, order);
      entries.put(id, PublishBatchRequestEntry.builder().id(id).message(placed(id, order)).build());
    }
    for (var tries = 1; !waiting.isEmpty(); tries++) {
      var left = waiting.keySet().stream().map(entries::get).toList();
      var answer = sns.publishBatch(request -> request.topicArn(topicArn).publishBatchRequestEntries(left));
      for (var taken : answer.successful()) {
        outcomes.add(new Outcome(waiting.remove(taken.id()), taken.messageId(), null));
      }
      for (var failed : answer.failed()) {
        if (failed.senderFault() || tries == MOST_TRIES) {
          outcomes.add(new Outcome(waiting.remove(failed.id()), null, failed.code() + " " + failed.message()));
        }
      }
      if (!waiting.isEmpty()) pause(ThreadLocalRandom.current().nextLong(100L << tries));
    }
    return outcomes;
  }

  private String placed(String id, Order order) {
    try {
      return json.writeValueAsString(Map.of(
          "specversion", "1.0", "id", id, "source", "/shop/checkout", "type", "shop.order.placed.v1",
          "time", Instant.now().toString(), "data", order));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible); // records of texts and numbers: there is nothing in them that JSON could not say
    }
  }

  private static void pause(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while some orders were not published", interrupted);
    }
  }
}
