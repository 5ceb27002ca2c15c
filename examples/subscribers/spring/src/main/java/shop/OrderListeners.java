package shop;

import io.awspring.cloud.sqs.annotation.SnsNotificationMessage;
import io.awspring.cloud.sqs.annotation.SqsListener;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.stereotype.Component;

/**
 * Listens to the queues that are named in the environment; most services need one of these. A message is deleted when its method
 * returned, and comes again when it threw. Work must be done within the queue's visibility timeout, 60 seconds.
 */
class OrderListeners {
  /** A partner's queue: the body is the bare event. */
  @Component
  @ConditionalOnProperty("QUEUE_URL")
  static class Partner {
    private final Journal journal;

    Partner(Journal journal) {
      this.journal = journal;
    }

    @SqsListener("${QUEUE_URL}")
    void follow(OrderEvent event) {
      journal.workOnce(event);
    }
  }

  /**
   * A partner's queue of the lifecycle feed, which is FIFO. One message at a time: where an order's step fails, the next ones stay in
   * the queue behind it. Messages of several orders are worked on at once nevertheless.
   */
  @Component
  @ConditionalOnProperty("FEED_QUEUE_URL")
  static class Feed {
    private final Journal journal;

    Feed(Journal journal) {
      this.journal = journal;
    }

    @SqsListener(value = "${FEED_QUEUE_URL}", maxMessagesPerPoll = "1")
    void follow(OrderEvent event) {
      journal.workOnce(event);
    }
  }

  /** A queue of your own that is subscribed without raw delivery: the event is inside SNS's envelope. */
  @Component
  @ConditionalOnProperty("WRAPPED_QUEUE_URL")
  static class Wrapped {
    private final Journal journal;

    Wrapped(Journal journal) {
      this.journal = journal;
    }

    @SqsListener("${WRAPPED_QUEUE_URL}")
    void follow(@SnsNotificationMessage OrderEvent event) {
      journal.workOnce(event);
    }
  }
}
