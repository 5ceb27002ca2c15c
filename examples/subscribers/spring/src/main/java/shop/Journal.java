package shop;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.stereotype.Component;

/**
 * Remembers the work that was done.
 *
 * <p>The file stands for your database, and its one write for one {@code @Transactional} method: what you do with the event, and a row
 * with the unique key (source, id). What is done and what is remembered then never differ, whenever the process dies. Several instances
 * need that database.
 */
@Component
class Journal {
  private static final Logger log = LoggerFactory.getLogger(Journal.class);

  private final ObjectMapper json;
  private final Set<OrderEvent.Key> done = new HashSet<>();
  private final Path file;

  Journal(ObjectMapper json, @Value("${journal}") Path file) throws IOException {
    this.json = json;
    this.file = file;
    List<String> lines = Files.exists(file) ? Files.readAllLines(file) : List.of();
    for (String line : lines) done.add(json.readValue(line, OrderEvent.class).key());
  }

  /** Does the work of an event, unless it was done before. Listeners call it from several threads. */
  synchronized void workOnce(OrderEvent event) {
    boolean isNew = !done.contains(event.key());
    if (isNew) {
      write(event);
      done.add(event.key());
    }
    log.info("{} {} {}", isNew ? "done" : "skipped", event.type(), event.orderId());
  }

  private void write(OrderEvent event) {
    try {
      String line = json.writeValueAsString(event) + "\n";
      Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
