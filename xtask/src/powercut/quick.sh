#!/bin/busybox sh
# A worker without arithmetic: the phases of image after image as fast as their markers are
# acknowledged. An emulated machine has one every few milliseconds then, and not one a second.

eval "exec 4<&$CRASHPOINT_FD"
tell() { echo "$1" >&4; }
id=0
phase() {
  id=$((id + 1))
  tell "{\"phase\":{\"id\":$id,\"name\":\"$1\"$2}}"
  read -r acknowledged <&4 || exit 1
  tell "{\"phase_end\":{\"id\":$id}}"
}

tell '{"hello":{"protocol":1,"name":"quick"}}'
read -r job <&4 || exit 1
phase load
position=0
while [ $position -lt 40 ]; do
  at="\"index\":$((position % 8 + 1)),\"position\":$((position + 1))"
  for name in preprocess vision prefill decode; do
    phase $name ",\"image\":{$at}"
  done
  tell "{\"image\":{$at,\"outcome\":\"survived\"}}"
  position=$((position + 1))
done
tell '{"done":{}}'
phase teardown
