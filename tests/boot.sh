#!/usr/bin/env bash
# The package in a machine that boots: a throw-away overlay of this machine's root, systemd in it, no network but loopback.
# tests/boot.sh ONCED    needs root, systemd-nspawn and cargo-deb; without them it is skipped, except where ONCED_CI is set.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
readonly ONCED=$(realpath "$1")

if ((EUID != 0)) || ! command -v systemd-nspawn >/dev/null || ! command -v cargo-deb >/dev/null; then
    echo "SKIPPED: booting the package needs root, systemd-nspawn (Debian: systemd-container) and cargo-deb"
    [[ -z ${ONCED_CI:-} ]]
    exit
fi

WORK=$(mktemp -d)
readonly WORK ROOT=$WORK/root
clean_up() {
    local code=$?
    ((code == 0)) || tail -n 60 "$WORK/upper/root/log" "$WORK/console" 2>/dev/null || true
    umount "$ROOT" 2>/dev/null || true
    rm -rf "$WORK"
    exit "$code"
}
trap clean_up EXIT
mkdir "$WORK"/{upper,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$WORK/upper,workdir=$WORK/work" "$ROOT"

# The package, twice: the second one is an upgrade. Of the program that is given, not of a release.
mkdir -p "$WORK/target/release"
cp "$ONCED" "$WORK/target/release/onced"
for revision in 1 2; do
    CARGO_TARGET_DIR=$WORK/target cargo deb --quiet --no-build --no-strip --fast --deb-revision "$revision" \
        --output "$ROOT/root/onced-$revision.deb" >/dev/null
done
readonly MACHINE=arn:aws:states:us-east-1:123456789012:stateMachine:OneTimeLambdaScheduler
mkdir -p "$ROOT/root/etc/schedules.d"
cat >"$ROOT/root/etc/onced.yaml" <<END
owner: boot
directory: /etc/onced/schedules.d
state_machine: $MACHINE
aws: {endpoint_url: "http://127.0.0.1:8083"}
END
# No other credentials are there: what is started was signed with these.
printf '[default]\naws_access_key_id = boot\naws_secret_access_key = boot\n' >"$ROOT/root/etc/credentials"
chmod 600 "$ROOT/root/etc/credentials"
echo 'AWS_EC2_METADATA_DISABLED=true' >"$ROOT/root/etc/environment"
printf 'schedules:\n  first: {at: %s, lambda: f}\n' "$(date -u -d '+100 days' +%FT09:00:00Z)" \
    >"$ROOT/root/etc/schedules.d/a.yaml"
mkdir -p "$ROOT/etc/systemd/system/onced.service.d"
printf '[Service]\nWatchdogSec=20\nTimeoutAbortSec=3\nRestartSec=1\n' \
    >"$ROOT/etc/systemd/system/onced.service.d/sooner.conf"
cat >"$ROOT/etc/systemd/system/sandbox.service" <<'END'
[Service]
ExecStart=/usr/bin/onced sandbox --listen 127.0.0.1:8083
END
cat >"$ROOT/etc/systemd/system/boot-test.service" <<'END'
[Unit]
After=basic.target
[Service]
Type=oneshot
ExecStart=/bin/bash /root/inside.sh
ExecStopPost=/bin/systemctl --force --force poweroff
END
cat >"$ROOT/etc/systemd/system/boot-test.target" <<'END'
[Unit]
Requires=basic.target boot-test.service
After=basic.target
AllowIsolate=yes
END
rm -f "$ROOT/etc/machine-id"

# What is looked at inside. Each line that ends well is one of the result.
cat >"$ROOT/root/inside.sh" <<'END'
set -uo pipefail
exec >/root/log 2>&1
ok() { echo "ok: $*" >>/root/result; }
pid() { systemctl show --property MainPID --value onced; }
eventually() {  # WHAT SECONDS COMMAND…
    local what=$1 end=$((SECONDS + $2)); shift 2
    until "$@"; do
        ((SECONDS < end)) || { echo "FAILED: $what" >>/root/result; systemctl status onced; journalctl -u onced -n 40; exit 1; }
        sleep 0.2
    done
    ok "$what"
}
scheduled() { onced list --config /etc/onced/onced.yaml --state-directory /var/lib/onced --format json | grep -q '"phase": "scheduled"'; }
another() { [[ $(pid) != "$1" && $(pid) != 0 ]] && systemctl --quiet is-active onced; }
dpkg --path-include="*" --install /root/onced-1.deb || exit 1
ok "installed"
[[ $(systemctl is-active onced) == inactive ]] && ok "and not started"
grep -q '^owner: prod' /etc/onced/onced.yaml && ok "the configuration is there"
cp -r /root/etc/. /etc/onced
man --where onced-run >/dev/null && bash -n /usr/share/bash-completion/completions/onced && ok "manual and completions, too"
touch /root/begun
systemctl start onced || exit 1
ok "ready without Step Functions"
systemctl show --property StatusText --value onced | grep -q 'wait to be started' && ok "the status says what it waits for"
systemctl start sandbox
eventually "started, signed with what LoadCredential gave" 60 scheduled
grep -q boot /run/credentials/onced.service/aws && ok "the credentials are where the unit puts them"
eventually "the status counts" 20 bash -c 'systemctl show --property StatusText --value onced | grep -q "^1 scheduled, next in"'
journalctl --unit onced --output cat ONCED_ENTRY=first ONCED_STEP=Start MESSAGE_ID=SCHEDULED | grep -q '^scheduled entry=first' && ok "the journal has it by its fields"
journalctl --unit onced --catalog | grep -q 'An execution was started: first' && ok "and explains it"
before=$(pid); kill -KILL "$before"
eventually "restarted after kill -9" 30 another "$before"
eventually "and knows what runs" 30 scheduled
before=$(pid); kill -STOP "$before"
eventually "restarted by the watchdog when it hangs" 90 another "$before"
eventually "and knows what runs then" 30 scheduled
before=$(pid)
systemctl reload onced && ok "reloaded"
echo 'reconcile: {grace: soon}' >>/etc/onced/onced.yaml
systemctl reload onced || ok "a bad configuration is refused"
[[ $(pid) == "$before" ]] && systemctl --quiet is-active onced && ok "and the old one stays"
sed -i '$d' /etc/onced/onced.yaml
[[ $(onced history first --config /etc/onced/onced.yaml --state-directory /var/lib/onced | grep -c scheduled) == 1 ]] && ok "it was started once"
[[ $(stat --format '%a %U:%G' /run/onced/onced.sock) == '660 onced:onced' ]] && ok "the socket is its group's, too"
useradd --groups onced member && useradd stranger
asks() { runuser -u "$1" -- onced list --config /etc/onced/onced.yaml --state-directory /var/lib/onced; }
asks member | grep -q scheduled && ok "who is in the group may ask"
! said=$(asks stranger 2>&1) && grep -q 'control socket.*may not be used' <<<"$said" && ok "and nobody else"
echo "$said"
systemctl stop onced
[[ ! -e /run/onced ]] && ok "the socket is gone with it"
[[ $(systemctl show --property Result,ExecMainStatus --value onced | tr '\n' ' ') == 'success 0 ' ]] && ok "stopped well"
[[ $(stat --format '%a %U' /var/lib/onced) == '700 onced' ]] && ok "the state directory is its own alone"
open=$(find /var/lib/onced -type f ! -perm 600)
[[ -z $open ]] && ok "and so are its files"
echo "$open"
others=$(find / -xdev -user onced -newer /root/begun ! -path '/var/lib/onced*' ! -path '/proc/*' 2>/dev/null)
[[ -z $others ]] && ok "nothing is written elsewhere"
echo "$others"
once() { [[ $(onced history first --config /etc/onced/onced.yaml --state-directory /var/lib/onced | grep -c scheduled) == 1 ]]; }
systemctl start onced
before=$(pid)
dpkg --path-include="*" --install /root/onced-2.deb
eventually "an upgrade restarts what runs" 30 another "$before"
grep -q '^owner: boot' /etc/onced/onced.yaml && once && ok "and keeps configuration and ledger"
dpkg --remove onced
[[ $(systemctl is-active onced) == inactive && ! -e /usr/bin/onced ]] && ok "removed"
[[ -d /var/lib/onced/ledger && -f /etc/onced/onced.yaml ]] && ok "and the ledger and the configuration stay"
dpkg --path-include="*" --install /root/onced-1.deb
systemctl start onced
eventually "installed again, it knows what runs" 30 scheduled
once && ok "and has started nothing twice"
dpkg --purge onced
[[ ! -e /var/lib/onced && ! -e /etc/onced/onced.yaml ]] && ok "purged: the ledger is gone"
[[ -f /etc/onced/schedules.d/a.yaml && -f /etc/onced/credentials ]] && ok "and what people wrote is not"
echo done >>/root/result
END
sed -i "s/MESSAGE_ID=SCHEDULED/MESSAGE_ID=$(grep -oE 'SCHEDULED, "[0-9a-f]{32}' src/model/kind.rs | grep -oE '[0-9a-f]{32}')/" "$ROOT/root/inside.sh"

timeout --signal=KILL 400 systemd-nspawn --quiet --boot --directory="$ROOT" --register=no --keep-unit --private-network \
    --link-journal=no --console=pipe systemd.unit=boot-test.target </dev/null >"$WORK/console" 2>&1 || true
cat "$WORK/upper/root/result"
readonly EXPECTED=35
[[ $(grep -c '^ok: ' "$WORK/upper/root/result") == "$EXPECTED" && $(tail -n 1 "$WORK/upper/root/result") == done ]]
