// Schedule files as SnakeYAML writes Java's times: java -cp SNAKEYAML Java.java INTO VERSION
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Date;
import java.util.GregorianCalendar;
import java.util.LinkedHashMap;
import java.util.Map;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

public class Java {
    public static void main(String[] arguments) throws Exception {
        var local = LocalDateTime.of(2027, 6, 1, 9, 0);
        var berlin = ZonedDateTime.of(local, ZoneId.of("Europe/Berlin"));
        var west = ZonedDateTime.of(local, ZoneOffset.ofHoursMinutes(-5, -30));
        var utc = Instant.parse("2027-06-01T09:00:00Z");
        var taken = new LinkedHashMap<String, Object>();
        taken.put("utc", Date.from(utc));
        taken.put("utc-sql", Timestamp.from(utc));
        taken.put("midnight", Date.from(Instant.parse("2027-06-01T00:00:00Z")));
        taken.put("east", GregorianCalendar.from(berlin));
        taken.put("west", GregorianCalendar.from(west));
        taken.put("utc-instant", utc.toString());
        taken.put("east-offset", OffsetDateTime.of(local, ZoneOffset.ofHours(2)).toString());
        taken.put("local", local.toString());
        taken.put("local-sql", Timestamp.valueOf(local).toString());
        var refused = new LinkedHashMap<String, Object>();
        refused.put("fraction", Date.from(utc.plusMillis(500)));
        refused.put("east-zoned", berlin.toString());
        refused.put("epoch", utc.toEpochMilli());
        refused.put("epoch-seconds", utc.getEpochSecond());
        write(arguments, "snakeyaml", taken);
        write(arguments, "snakeyaml.refused", refused);
    }

    static void write(String[] arguments, String name, Map<String, Object> times) throws Exception {
        var entries = new LinkedHashMap<String, Object>();
        times.forEach((entry, at) -> entries.put(entry, new LinkedHashMap<>(Map.of("at", at, "lambda", "f"))));
        var document = new LinkedHashMap<String, Object>();
        document.put("defaults", Map.of("timezone", "Europe/Berlin"));
        document.put("schedules", entries);
        var options = new DumperOptions();
        options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        var head = "# SnakeYAML " + arguments[1] + ", Java " + System.getProperty("java.version") + "\n";
        Files.writeString(Path.of(arguments[0], name + ".yaml"), head + new Yaml(options).dump(document));
    }
}
