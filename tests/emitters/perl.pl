# Hard texts as Perl's writers write them: perl perl.pl TEXTS INTO
use strict;
use warnings;
use JSON::PP;
use YAML::PP;
use YAML::XS;

my ($from, $into) = @ARGV;
open my $file, '<:raw', $from or die "$from: $!";
my $texts = JSON::PP->new->utf8->decode(join '', <$file>);
my $json = JSON::PP->new->ascii->canonical;

sub document { return { schedules => { e => { at => '2027-06-01T09:00:00Z', lambda => 'f', payload => $_[0] } } } }

sub put {
    my ($name, $program, $dump) = @_;
    open my $file, '>', "$into/$name.jsonl" or die "$name: $!";
    print $file "# $program\n";
    for my $number (0 .. $#$texts) {
        my $text = $texts->[$number];
        my %payloads = (value => { v => "$text", l => ["$text"] }, key => { "$text" => { "$text" => 'x' } });
        for my $place ('value', 'key') {
            my $yaml = eval { $dump->(document($payloads{$place})) };
            print $file $json->encode({ text => $number, place => $place, defined $yaml ? (yaml => $yaml) : (failed => "$@") }), "\n";
        }
    }
    close $file or die "$name: $!";
}

my $perl = sprintf 'Perl %vd', $^V;
my $pp = YAML::PP->new;
put('yaml-pp', "YAML::PP $YAML::PP::VERSION, $perl", sub { $pp->dump_string($_[0]) });
put('yaml-xs', "YAML::XS $YAML::XS::VERSION, $perl", sub { my $yaml = YAML::XS::Dump($_[0]); utf8::decode($yaml); $yaml });
