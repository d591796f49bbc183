<?php
// Schedule files as symfony/yaml writes PHP's times: php php.php AUTOLOAD INTO VERSION
require $argv[1];
use Symfony\Component\Yaml\Yaml;

$berlin = new DateTimeZone('Europe/Berlin');
$east = new DateTimeImmutable('2027-06-01 09:00:00', $berlin);
$taken = [
    'utc' => new DateTimeImmutable('2027-06-01 09:00:00', new DateTimeZone('UTC')),
    'east' => $east,
    'west' => new DateTime('2027-06-01T09:00:00-05:30'),
    'midnight' => new DateTime('2027-06-01T00:00:00Z'),
    'east-atom' => $east->format(DATE_ATOM),
    'east-iso8601' => $east->format(DATE_ISO8601),
    'east-milliseconds' => $east->format(DATE_RFC3339_EXTENDED),
    'local' => $east->format('Y-m-d H:i:s'),
];
// A time that it reads it gives as a number, and writes it as one.
$read = Yaml::parse('at: 2027-06-01T09:00:00Z');
$refused = ['epoch' => $read['at'], 'east-rfc2822' => $east->format(DATE_RFC2822)];
foreach (['symfony' => $taken, 'symfony.refused' => $refused] as $name => $times) {
    $entries = array_map(fn ($at) => ['at' => $at, 'lambda' => 'f'], $times);
    $document = ['defaults' => ['timezone' => 'Europe/Berlin'], 'schedules' => $entries];
    $text = "# symfony/yaml $argv[3], PHP " . PHP_VERSION . "\n" . Yaml::dump($document, 4, 2);
    file_put_contents("$argv[2]/$name.yaml", $text);
}
