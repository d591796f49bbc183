// Hard texts as Java's writers write them: java -cp JARS Java.java TEXTS INTO SNAKEYAML JACKSON
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import java.io.File;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

public class Java {
    interface Dump {
        String of(Map<String, Object> document) throws Exception;
    }

    static final JsonFactory JSON = new JsonFactory();

    public static void main(String[] arguments) throws Exception {
        var texts = new ArrayList<String>();
        try (var parser = JSON.createParser(new File(arguments[0]))) {
            for (var token = parser.nextToken(); token != null; token = parser.nextToken()) {
                if (token == JsonToken.VALUE_STRING) texts.add(parser.getText());
            }
        }
        var into = Path.of(arguments[1]);
        var java = ", Java " + System.getProperty("java.version");
        var snakeyaml = "SnakeYAML " + arguments[2];
        write(texts, into.resolve("snakeyaml.jsonl"), snakeyaml + java, document -> new Yaml().dump(document));
        var options = new DumperOptions();
        options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
        options.setSplitLines(false);
        write(texts, into.resolve("snakeyaml-block.jsonl"), snakeyaml + ", block, not split" + java,
                document -> new Yaml(options).dump(document));
        var jackson = "jackson-dataformat-yaml " + arguments[3];
        write(texts, into.resolve("jackson.jsonl"), jackson + java, document -> jackson(new YAMLFactory(), document));
        write(texts, into.resolve("jackson-minimal.jsonl"), jackson + ", MINIMIZE_QUOTES" + java,
                document -> jackson(new YAMLFactory().enable(YAMLGenerator.Feature.MINIMIZE_QUOTES), document));
    }

    static String jackson(YAMLFactory factory, Map<String, Object> document) throws Exception {
        var writer = new StringWriter();
        try (var generator = factory.createGenerator(writer)) {
            put(generator, document);
        }
        return writer.toString();
    }

    static void put(JsonGenerator generator, Object value) throws Exception {
        if (value instanceof Map<?, ?> map) {
            generator.writeStartObject();
            for (var pair : map.entrySet()) {
                generator.writeFieldName((String) pair.getKey());
                put(generator, pair.getValue());
            }
            generator.writeEndObject();
        } else if (value instanceof List<?> list) {
            generator.writeStartArray();
            for (var item : list) put(generator, item);
            generator.writeEndArray();
        } else if (value instanceof Integer number) {
            generator.writeNumber(number);
        } else {
            generator.writeString((String) value);
        }
    }

    static Map<String, Object> document(Map<String, Object> payload) {
        var entry = new LinkedHashMap<String, Object>();
        entry.put("at", "2027-06-01T09:00:00Z");
        entry.put("lambda", "f");
        entry.put("payload", payload);
        return Map.of("schedules", Map.of("e", entry));
    }

    static void write(List<String> texts, Path path, String program, Dump dump) throws Exception {
        var lines = new ArrayList<String>(List.of("# " + program));
        for (var number = 0; number < texts.size(); number++) {
            var text = texts.get(number);
            var value = new LinkedHashMap<String, Object>();
            value.put("v", text);
            value.put("l", List.of(text));
            var payloads = new LinkedHashMap<String, Map<String, Object>>();
            payloads.put("value", value);
            payloads.put("key", Map.of(text, Map.of(text, "x")));
            for (var place : payloads.entrySet()) {
                var line = new LinkedHashMap<String, Object>(Map.of("text", number, "place", place.getKey()));
                try {
                    line.put("yaml", dump.of(document(place.getValue())));
                } catch (Exception why) {
                    line.put("failed", String.valueOf(why.getMessage()));
                }
                var writer = new StringWriter();
                try (var generator = JSON.createGenerator(writer)) {
                    generator.enable(JsonGenerator.Feature.ESCAPE_NON_ASCII);
                    put(generator, line);
                }
                lines.add(writer.toString());
            }
        }
        Files.write(path, lines);
    }
}
