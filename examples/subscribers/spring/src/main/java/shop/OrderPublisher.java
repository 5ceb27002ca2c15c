package shop;

import io.awspring.cloud.sns.core.SnsTemplate;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.stereotype.Component;

/**
 * Publishes orders as SnsTemplate sends them by default: absent members are {@code null}, which the shop reads as absent, and the
 * message has attributes that Spring adds (contentType, id, timestamp), which the shop does not read.
 */
@Component
@ConditionalOnProperty("ORDERS_TOPIC_ARN")
class OrderPublisher {
  private static final Logger log = LoggerFactory.getLogger(OrderPublisher.class);

  record Event(
      String specversion, String id, String source, String type, Instant time, String subject, String traceparent, OrderPlaced data) {}

  record OrderPlaced(
      String orderId, String orderNumber, Customer customer, Payment payment, List<Item> items, List<Charge> charges, Total total) {}

  record Customer(String id, String phone, String locale) {}

  record Payment(String kind, String token, String reference, String until) {}

  record Item(String sku, int quantity, int unitPrice, Boolean tracked) {}

  record Charge(String kind, int amount, String label) {}

  record Total(int amount, String currency) {}

  private final SnsTemplate sns;
  private final String topicArn;

  OrderPublisher(SnsTemplate sns, @Value("${ORDERS_TOPIC_ARN}") String topicArn) {
    this.sns = sns;
    this.topicArn = topicArn;
  }

  /** Publishes an order; throws when it could not. Send it again when in doubt: the shop goes by the order's id. */
  void publish(String orderId) {
    OrderPlaced order =
        new OrderPlaced(
            orderId,
            null,
            new Customer("c-7", "+821012345678", null),
            new Payment("token", "tok_visa", null, null),
            List.of(new Item("KB-01", 1, 12000, null)),
            List.of(new Charge("shipping", 3000, null)),
            new Total(15000, "KRW"));
    String id = UUID.randomUUID().toString();
    sns.convertAndSend(
        topicArn,
        new Event("1.0", id, "/shop/checkout", "shop.order.placed.v1", Instant.now(), null, null, order));
    log.info("published {}", orderId);
  }
}
