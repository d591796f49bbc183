# Schedule files as Perl's writers write times, which are texts there: perl perl.pl INTO
use strict;
use warnings;
use DateTime;
use Time::Piece;
use YAML::PP;
use YAML::XS;

my $into = shift;
my $east = DateTime->new(year => 2027, month => 6, day => 1, hour => 9, time_zone => 'Europe/Berlin');
my $utc = DateTime->new(year => 2027, month => 6, day => 1, hour => 9, time_zone => 'UTC');
my %taken = (
    'local' => "$east",
    'local-piece' => Time::Piece->strptime('2027-06-01 09:00', '%Y-%m-%d %H:%M')->datetime,
    'east' => $east->rfc3339,
    'east-strftime' => $east->strftime('%Y-%m-%dT%H:%M:%S%z'),
    'utc' => $utc->rfc3339,
);
my %refused = ('epoch' => $utc->epoch, 'east-mail' => $east->strftime('%a, %d %b %Y %H:%M:%S %z'), 'date' => $east->ymd);

sub document {
    my %times = @_;
    my %entries = map { $_ => { at => $times{$_}, lambda => 'f' } } keys %times;
    return { defaults => { timezone => 'Europe/Berlin' }, schedules => \%entries };
}

sub put {
    my ($name, $text) = @_;
    open my $file, '>', "$into/$name.yaml" or die "$name: $!";
    print $file $text;
    close $file or die "$name: $!";
}

my $program = "Perl $^V, DateTime $DateTime::VERSION\n";
put('yaml-pp', "# YAML::PP $YAML::PP::VERSION, $program" . YAML::PP->new->dump_string(document(%taken)));
put('yaml-pp.refused', "# YAML::PP $YAML::PP::VERSION, $program" . YAML::PP->new->dump_string(document(%refused)));
put('yaml-xs', "# YAML::XS $YAML::XS::VERSION, $program" . YAML::XS::Dump(document(%taken)));
put('yaml-xs.refused', "# YAML::XS $YAML::XS::VERSION, $program" . YAML::XS::Dump(document(%refused)));
