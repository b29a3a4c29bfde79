#!/bin/sh
# Works at once, and is on a device to which the thing in FAKE_CHECK happens at the first attempt; with
# FAKE_LEAK it makes that file.
case "$1" in
--built-with)
	echo "{\"crashpoint\":\"$FAKE_VERSION\",\"features\":[\"cuda\"]}"
	exit
	;;
--self-check)
	[ -e "$FAKE_STATE" ] || exit 0
	case "$FAKE_CHECK" in
	works) exit 0 ;;
	hangs) exec sleep 100000 ;;
	"comes back") rm "$FAKE_STATE" ;;
	esac
	echo 'cuda:0 failed: failed to open it: DriverError(CUDA_ERROR_ECC_UNCORRECTABLE, "uncorrectable ECC error encountered")' >&2
	exit 1
	;;
esac
: >"$FAKE_STATE"
[ -z "$FAKE_LEAK" ] || : >"$FAKE_LEAK"
exec python3 "$(dirname "$0")/done.py"
