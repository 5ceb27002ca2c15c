package shop;

import io.awspring.cloud.sqs.listener.errorhandler.AsyncErrorHandler;
import io.awspring.cloud.sqs.listener.errorhandler.ExponentialBackoffErrorHandler;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.context.annotation.Bean;

/** An existing service that follows the shop's orders, and publishes those that are named as arguments. */
@SpringBootApplication
public class OrdersApplication {
  public static void main(String[] args) {
    SpringApplication.run(OrdersApplication.class, args);
  }

  /**
   * Lets a failed message come again after 2, 4, 8 seconds and so on, up to an hour. After twenty receives, which take ten hours,
   * the queue moves it to its dead-letter queue. Without this bean it would come again after the queue's visibility timeout.
   */
  @Bean
  AsyncErrorHandler<Object> backOff() {
    return ExponentialBackoffErrorHandler.builder()
        .initialVisibilityTimeoutSeconds(2)
        .multiplier(2)
        .maxVisibilityTimeoutSeconds(3600)
        .build();
  }

  @Bean
  @ConditionalOnProperty("ORDERS_TOPIC_ARN")
  ApplicationRunner publishArguments(OrderPublisher publisher) {
    return arguments -> arguments.getNonOptionArgs().forEach(publisher::publish);
  }
}
