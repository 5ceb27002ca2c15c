import io.cloudevents.CloudEvent;
import io.cloudevents.core.builder.CloudEventBuilder;
import io.cloudevents.jackson.JsonFormat;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;

/** Writes the samples of this folder with the CloudEvents SDK for Java; see ../README.md. */
public class Write {
  static Path folder;

  public static void main(String[] args) throws Exception {
    folder = Path.of(args[0]);
    byte[] data = Files.readAllBytes(folder.resolve("../order.json"));
    String text = new String(data, StandardCharsets.UTF_8);
    String nulls = text.replaceFirst("\\{", "{\"customer\": null, \"charges\": null, ").replaceFirst("\"customer\": \\{[^}]*},", "");
    write("order", order().withData("application/json", data).build());
    write("defaults", CloudEventBuilder.v1().withId("a1").withSource(URI.create("/shop/checkout"))
        .withType("shop.order.placed.v1").withData(data).build());
    write("time-with-offset", order().withTime(OffsetDateTime.parse("2026-11-26T18:00:00.123456789+09:00"))
        .withData("application/json", data).build());
    write("extensions", order().withExtension("partitionkey", "o-1001").withExtension("sampledrate", 3)
        .withExtension("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        .withExtension("tracestate", "vendor=1").withData("application/json", data).build());
    write("charset", order().withData("application/json; charset=utf-8", data).build());
    write("bytes", new JsonFormat().withForceJsonDataToBase64(), order().withData("application/json", data).build());
    write("nulls", order().withSubject(null).withData("application/json", nulls.getBytes(StandardCharsets.UTF_8)).build());
    write("data-as-text", order().withData("text/plain", data).build());
  }

  static CloudEventBuilder order() {
    return CloudEventBuilder.v1().withId("a1").withSource(URI.create("/shop/checkout")).withType("shop.order.placed.v1")
        .withSubject("o-1001").withTime(OffsetDateTime.parse("2026-11-26T09:00:00Z"));
  }

  static void write(String name, CloudEvent event) throws Exception {
    write(name, new JsonFormat(), event);
  }

  static void write(String name, JsonFormat format, CloudEvent event) throws Exception {
    Files.write(folder.resolve(name + ".json"), format.serialize(event));
  }
}
