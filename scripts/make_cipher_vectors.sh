#!/usr/bin/env bash
# Make fixtures/vectors/cipher.json with openssl alone, so that no code of this project vouches for itself.
#
#   scripts/make_cipher_vectors.sh > fixtures/vectors/cipher.json
#
# AES-256, ECB, PKCS#7 padding, Base64 on one line (v3, Encryption). Plain texts are hexadecimal: any byte can stand there.
set -euo pipefail

KEY="0123456789abcdefghijklmnopqrstuv"
OTHER_KEY="vutsrqponmlkjihgfedcba9876543210"
UTF8_KEY="ключключключключ" # 16 Cyrillic letters, 32 bytes

hex() { od -An -v -tx1 | tr -d ' \n'; }
unhex() { printf "$(printf '%s' "$1" | sed 's/../\\x&/g')"; }
key_hex() { printf '%s' "$1" | hex; }
encrypt() { # key text, plain hex, further options
  local key; key="$(key_hex "$1")"
  unhex "$2" | openssl enc -aes-256-ecb -K "$key" "${@:3}" -base64 -A
}

first=1
separator() { if [ "$first" = 1 ]; then first=0; else printf ',\n'; fi; }
vector() { # id, comment, source, result, key, body, expected
  separator
  printf '  {"id": "%s", "comment": "%s", "source": "%s", "result": "%s",\n   "input": {"key": "%s", "body": "%s"},\n   "expected": %s}' \
    "$1" "$2" "$3" "$4" "$5" "$6" "$7"
}
plain() { printf '{"plain_hex": "%s"}' "$1"; }
nist() { # number, plain hex, cipher hex: no padding, a key that is no text
  separator
  printf '  {"id": "cipher-nist-%s", "comment": "ECB-AES256, block %s, no padding", "source": "NIST SP 800-38A, F.1.5 and F.1.6", "result": "valid",\n   "input": {"key_hex": "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", "plain_hex": "%s"},\n   "expected": {"cipher_hex": "%s"}}' \
    "$1" "$1" "$2" "$3"
}

printf '{\n "description": "Bodies of v3 in AES-256/ECB/PKCS#7 and Base64. valid and acceptable decrypt to plain_hex; acceptable is lint; invalid is status 4. Encrypting plain_hex of a valid vector gives exactly its body.",\n "madeBy": "scripts/make_cipher_vectors.sh",\n "vectors": [\n'

text="$(printf '{"RealTime":{"OperationID":"9nu1wak5616p","PunchLog":{}}}' | hex)"
for length in $(seq 0 33) 47 48 49; do
  part="${text:0:$((length * 2))}"
  vector "$(printf 'cipher-length-%02d' "$length")" "plain text of $length bytes, $((length % 16)) mod 16" "V3:1084; V3:1086" \
    valid "$KEY" "$(encrypt "$KEY" "$part")" "$(plain "$part")"
done

utf8="$(printf '{"FirstName":"Zoë 李 😀"}' | hex)"
good="$(encrypt "$KEY" "$utf8")"
vector cipher-utf8 "two, three and four byte letters inside" "V3:1215" valid "$KEY" "$good" "$(plain "$utf8")"
vector cipher-utf8-key "a key of 32 bytes in 16 letters" "A-ENC-05" valid "$UTF8_KEY" "$(encrypt "$UTF8_KEY" "$utf8")" "$(plain "$utf8")"
equal="$(printf 'a%.0s' $(seq 1 48) | hex)"
vector cipher-equal-blocks "equal blocks show as equal in ECB" "A-ENC-11" valid "$KEY" "$(encrypt "$KEY" "$equal")" "$(plain "$equal")"

vector cipher-line-breaks "Base64 broken into lines" "A-ENC-06" acceptable "$KEY" "${good:0:20}\\r\\n${good:20}\\n" "$(plain "$utf8")"
dialect="$(encrypt "$KEY" "$equal" | tr '+/' '-_')"
for n in $(seq 1 200); do # look for a body whose Base64 has both letters that differ between the alphabets
  candidate="$(printf 'plain text %03d' "$n" | hex)"
  body="$(encrypt "$KEY" "$candidate")"
  case "$body" in *+*/* | */*+*) dialect="$(printf '%s' "$body" | tr '+/' '-_')"; break ;; esac
done
vector cipher-url-alphabet "Base64 in the URL alphabet" "A-ENC-06" acceptable "$KEY" "$dialect" "$(plain "$candidate")"

none='{"status": 4}'
vector cipher-wrong-key "encrypted with another key" "A-ENC-04" invalid "$OTHER_KEY" "$good" "$none"
vector cipher-zero-padding "padded with zeros, a mistake of some programs" "V3:1084" invalid "$KEY" \
  "$(encrypt "$KEY" "$(printf '{"a":1}' | hex)000000000000000000" -nopad)" "$none"
vector cipher-padding-17 "padding bytes of 17" "V3:1084" invalid "$KEY" "$(encrypt "$KEY" "$(printf '11%.0s' $(seq 1 32))" -nopad)" "$none"
vector cipher-padding-uneven "the last byte counts more padding than there is" "V3:1084" invalid "$KEY" \
  "$(encrypt "$KEY" "$(printf '{"a":12345678}' | hex)0203" -nopad)" "$none"
vector cipher-not-utf8 "decrypts to bytes that are no UTF-8" "V3:1215" invalid "$KEY" "$(encrypt "$KEY" "ff7b7d")" "$none"
vector cipher-half-block "24 bytes are no whole blocks" "V3:1084" invalid "$KEY" "$(unhex "$(printf '41%.0s' $(seq 1 24))" | openssl base64 -A)" "$none"
vector cipher-no-base64 "letters outside every alphabet" "V3:1086" invalid "$KEY" "****************************************************************" "$none"
vector cipher-no-base64-padding "the closing = signs are missing" "A-ENC-06" invalid "$KEY" "$(encrypt "$KEY" "$text" | tr -d '=')" "$none"
vector cipher-plain-json "plain JSON where encryption is due" "A-ENC-04" invalid "$KEY" '{}' "$none"
vector cipher-empty "nothing at all" "V3:1086" invalid "$KEY" "" "$none"

nist 1 6bc1bee22e409f96e93d7e117393172a f3eed1bdb5d2a03c064b5a7e3db181f8
nist 2 ae2d8a571e03ac9c9eb76fac45af8e51 591ccb10d410ed26dc5ba74a31362870
nist 3 30c81c46a35ce411e5fbc1191a0a52ef b6ed21b99ca6f4f9f153e7b1beafed1d
nist 4 f69f2445df4f9b17ad2b417be66c3710 23304b7a39f9f3ff067d8d8f9e24ecc7

printf '\n ]\n}\n'
