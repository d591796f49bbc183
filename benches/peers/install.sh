#!/usr/bin/env bash
# Installs what the comparison is made with: the AWS CLI for the shell loop; watchdog, boto3 and PyYAML for the Python
# script. benches/peers/install.sh DIRECTORY
set -euo pipefail
readonly DIRECTORY=$1
readonly PACKAGES=(awscli==1.46.3 boto3==1.44.8 watchdog==6.0.0 PyYAML==6.0.4)

[[ -e $DIRECTORY/installed ]] && exit 0
python3 -m venv "$DIRECTORY"
"$DIRECTORY/bin/pip" install --quiet --disable-pip-version-check "${PACKAGES[@]}"
touch "$DIRECTORY/installed"
