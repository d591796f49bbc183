# Schedule files as Psych writes Ruby's times: ruby ruby.rb INTO
require "date"
require "json"
require "time"
require "yaml"

utc, east, west = Time.utc(2027, 6, 1, 9), Time.new(2027, 6, 1, 9, 0, 0, "+02:00"), Time.new(2027, 6, 1, 9, 0, 0, "-05:30")
taken = {
  "utc" => utc, "east" => east, "west" => west, "midnight" => Time.utc(2027, 6, 1),
  "utc-iso8601" => utc.iso8601, "utc-milliseconds" => utc.iso8601(3), "east-xmlschema" => east.xmlschema,
  "east-to-s" => east.to_s, "west-to-s" => west.to_s, "east-datetime" => DateTime.new(2027, 6, 1, 9, 0, 0, "+02:00").to_s,
}
refused = {
  "fraction" => Time.utc(2027, 6, 1, 9, 0, Rational(1, 2)), "date" => Date.new(2027, 6, 1), "utc-to-s" => utc.to_s,
  "east-rfc2822" => east.rfc2822, "utc-httpdate" => utc.httpdate, "epoch" => utc.to_i, "epoch-f" => utc.to_f,
}
program = "Psych #{Psych::VERSION}, Ruby #{RUBY_VERSION}"
{ "psych" => taken, "psych.refused" => refused }.each do |name, times|
  entries = times.transform_values { |at| { "at" => at, "lambda" => "f" } }
  document = { "defaults" => { "timezone" => "Europe/Berlin" }, "schedules" => entries }
  File.write("#{ARGV[0]}/#{name}.yaml", "# #{program}\n#{YAML.dump(document)}")
end
