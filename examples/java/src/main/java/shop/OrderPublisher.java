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

/** Publishes orders. In a Spring service this is a {@code @Service}. Only the shape of the event is specific to the shop. */
public class OrderPublisher {
  public static final int MAX_ATTEMPTS = 5;
  private static final int MAX_BATCH_SIZE = 10; // SNS's limit; a batch has at most 256 KB

  public record Customer(String id, String phone, String locale) {}
  public record Payment(String token) {}
  public record Item(String sku, int quantity, long unitPrice) {}
  public record Charge(String kind, long amount) {}
  public record Total(long amount, String currency) {}
  public record Order(
      String orderId, String orderNumber, Customer customer, Payment payment,
      List<Item> items, List<Charge> charges, Total total) {}

  /** The result for an order: the message id, or the error if it was not published. */
  public record Result(Order order, String messageId, String error) {}

  private final SnsClient sns;
  private final String topicArn;
  private final ObjectMapper json = new ObjectMapper();

  public OrderPublisher(SnsClient sns, String topicArn) {
    this.sns = sns;
    this.topicArn = topicArn;
  }

  /** Publishes one order. Throws the SDK's exception once its retries are exhausted. */
  public Result publish(Order order) {
    var event = orderPlaced(UUID.randomUUID().toString(), order);
    return new Result(order, sns.publish(request -> request.topicArn(topicArn).message(event)).messageId(), null);
  }

  /** Publishes orders in batches of ten. */
  public List<Result> publishAll(List<Order> orders) {
    var results = new ArrayList<Result>();
    for (var start = 0; start < orders.size(); start += MAX_BATCH_SIZE) {
      results.addAll(publishBatch(orders.subList(start, Math.min(start + MAX_BATCH_SIZE, orders.size()))));
    }
    return results;
  }

  /** Publishes one batch. Retries entries that failed: a batch can fail in part with status 200, which no SDK retries. */
  private List<Result> publishBatch(List<Order> orders) {
    var results = new ArrayList<Result>();
    var pending = new LinkedHashMap<String, Order>();
    var entries = new LinkedHashMap<String, PublishBatchRequestEntry>();
    for (var order : orders) {
      // Built once per order: every attempt must send the same event.
      var id = UUID.randomUUID().toString();
      pending.put(id, order);
      entries.put(id, PublishBatchRequestEntry.builder().id(id).message(orderPlaced(id, order)).build());
    }
    for (var attempt = 1; !pending.isEmpty(); attempt++) {
      var batch = pending.keySet().stream().map(entries::get).toList();
      var response = sns.publishBatch(request -> request.topicArn(topicArn).publishBatchRequestEntries(batch));
      for (var published : response.successful()) {
        results.add(new Result(pending.remove(published.id()), published.messageId(), null));
      }
      for (var failed : response.failed()) {
        // A sender fault fails in the same way on every attempt.
        if (failed.senderFault() || attempt == MAX_ATTEMPTS) {
          results.add(new Result(pending.remove(failed.id()), null, failed.code() + " " + failed.message()));
        }
      }
      if (!pending.isEmpty()) pause(ThreadLocalRandom.current().nextLong(100L << attempt));
    }
    return results;
  }

  private String orderPlaced(String id, Order order) {
    try {
      return json.writeValueAsString(Map.of(
          "specversion", "1.0", "id", id, "source", "/shop/checkout", "type", "shop.order.placed.v1",
          "time", Instant.now().toString(), "data", order));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException(impossible); // records of strings and numbers can always be serialized
    }
  }

  private static void pause(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted before all orders were published", interrupted);
    }
  }
}
