#!/bin/sh
# Encrypts the files of plain/ as cases/NAME/encrypted.EXT with the real sops (SOPS=path), and decrypts
# them again into decrypted.EXT. Wants age-keygen for a key that nobody keeps.
set -eu
cd "$(dirname "$0")"
sops=${SOPS:-sops}
recipient() { grep -o 'age1.*' "$1"; }
one=$(recipient keys/one.txt)
two=$(recipient keys/two.txt)
config=
lost=$(age-keygen 2>/dev/null | grep -o 'age1.*')
rm -rf cases
make() {
  name=$1 file=$2
  shift 2
  mkdir -p "cases/$name"
  "$sops" ${config:+--config "$config"} encrypt "$@" "plain/$file" >"cases/$name/encrypted.${file##*.}"
  SOPS_AGE_KEY_FILE=keys/one.txt SOPS_AGE_SSH_PRIVATE_KEY_FILE=keys/ssh HOME=/nonexistent \
    "$sops" decrypt "cases/$name/encrypted.${file##*.}" >"cases/$name/decrypted.${file##*.}"
}
make yaml values.yaml --age "$one"
make json values.json --age "$one"
make dotenv values.env --age "$one"
make ini values.ini --age "$one"
make ini-sections sections.ini --age "$one"
make binary values.bin --age "$one"
make hcl values.hcl --age "$one"
make recipients simple.yaml --age "$lost,$two,$one"
make ssh simple.yaml --age "$(cut -d' ' -f1,2 keys/ssh.pub)"
make encrypted-suffix simple.yaml --age "$one" --encrypted-suffix word
make unencrypted-suffix simple.yaml --age "$one" --unencrypted-suffix user
make encrypted-regex simple.yaml --age "$one" --encrypted-regex '^(password|token)$'
make unencrypted-regex simple.json --age "$one" --unencrypted-regex '^(user|port)$'
# What there are no flags for stands in a configuration.
rule() {
  name=$1
  shift
  { printf 'creation_rules:\n  - age: %s\n' "$one"; printf '    %s\n' "$@"; } >rule.sops.yaml
  config=rule.sops.yaml
  make "$name" simple.yaml
  config=
  rm rule.sops.yaml
}
rule mac-only-encrypted "encrypted_regex: '^password\$'" 'mac_only_encrypted: true'
rule encrypted-comment 'encrypted_comment_regex: sops:enc'
rule unencrypted-comment 'unencrypted_comment_regex: sops:plain'
# Of three groups two are needed.
printf 'creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n      - age: [%s]\n      - age: [%s]\n      - age: [%s, %s]\n' \
  "$lost" "$one" "$lost" "$one" >groups.sops.yaml
config=groups.sops.yaml
make groups simple.yaml
config=
rm groups.sops.yaml
# sops 3.13.2 cannot read this one itself.
mkdir -p cases/list-comments
"$sops" encrypt --age "$one" plain/comments.yaml >cases/list-comments/encrypted.yaml
cp plain/comments.yaml cases/list-comments/decrypted.yaml
