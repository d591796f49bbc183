<?php
// Hard texts as PHP's writers write them: php php.php AUTOLOAD TEXTS INTO VERSION
require $argv[1];
use Symfony\Component\Yaml\Yaml;

[, , $from, $into, $version] = $argv;
$texts = json_decode(file_get_contents($from), flags: JSON_THROW_ON_ERROR);

function document(array $payload): array
{
    return ['schedules' => ['e' => ['at' => '2027-06-01T09:00:00Z', 'lambda' => 'f', 'payload' => $payload]]];
}

function write(array $texts, string $path, string $program, callable $dump): void
{
    $lines = ["# $program"];
    foreach ($texts as $number => $text) {
        $places = ['value' => ['v' => $text, 'l' => [$text]], 'key' => [$text => [$text => 'x']]];
        // A key of digits is a number in PHP, and written as one: maps by number, as of records by their ids.
        if (is_int(array_key_first([$text => null]))) {
            $places['ids'] = [$text => ['x'], 1001 => [2042 => $text, 7 => 'x']];
        }
        foreach ($places as $place => $payload) {
            $line = ['text' => $number, 'place' => $place];
            try {
                $line['yaml'] = $dump(document($payload));
            } catch (Throwable $why) {
                $line['failed'] = $why->getMessage();
            }
            $lines[] = json_encode($line, JSON_THROW_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE);
        }
    }
    file_put_contents($path, implode("\n", $lines) . "\n");
}

$php = 'PHP ' . PHP_VERSION;
write($texts, "$into/symfony.jsonl", "symfony/yaml $version, $php", fn ($value) => Yaml::dump($value, 6, 2));
write($texts, "$into/symfony-literal.jsonl", "symfony/yaml $version, $php, DUMP_MULTI_LINE_LITERAL_BLOCK",
    fn ($value) => Yaml::dump($value, 6, 2, Yaml::DUMP_MULTI_LINE_LITERAL_BLOCK));
write($texts, "$into/php-yaml.jsonl", 'yaml ' . phpversion('yaml') . ", $php", fn ($value) => yaml_emit($value));
write($texts, "$into/php-json.jsonl", "json_encode of $php", fn ($value) => json_encode($value, JSON_THROW_ON_ERROR));
