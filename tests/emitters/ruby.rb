# Hard texts as Psych writes them: ruby ruby.rb TEXTS INTO
require "json"
require "yaml"

texts, into = JSON.parse(File.read(ARGV[0], encoding: "UTF-8")), ARGV[1]
def document(payload) = { "schedules" => { "e" => { "at" => "2027-06-01T09:00:00Z", "lambda" => "f", "payload" => payload } } }

def write(texts, path, program)
  lines = ["# #{program}"]
  texts.each_with_index do |text, number|
    { "value" => { "v" => text, "l" => [text.dup] }, "key" => { text => { text.dup => "x" } } }.each do |place, payload|
      line = { text: number, place: place }
      begin
        line[:yaml] = yield(document(payload))
      rescue => why
        line[:failed] = why.message
      end
      lines << JSON.generate(line)
    end
  end
  File.write(path, lines.join("\n") + "\n")
end

program = "Psych #{Psych::VERSION}, libyaml #{Psych.libyaml_version.join(".")}, Ruby #{RUBY_VERSION}"
write(texts, "#{into}/psych.jsonl", program) { |value| YAML.dump(value) }
write(texts, "#{into}/psych-unfolded.jsonl", "#{program}, line_width -1") { |value| YAML.dump(value, line_width: -1) }
