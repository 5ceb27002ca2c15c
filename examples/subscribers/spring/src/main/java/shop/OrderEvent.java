package shop;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.databind.JsonNode;

/** What a reader needs of a CloudEvent; it must ignore members that it does not know. */
@JsonIgnoreProperties(ignoreUnknown = true)
record OrderEvent(String id, String source, String type, JsonNode data) {
  OrderEvent {
    if (id == null || source == null || type == null || data == null || !data.hasNonNull("orderId")) {
      throw new IllegalArgumentException("not an event of an order");
    }
  }

  /** What a redelivered or replayed event is recognized by; SQS's message id is another one each time. */
  record Key(String source, String id) {}

  Key key() {
    return new Key(source, id);
  }

  String orderId() {
    return data.get("orderId").asText();
  }
}
