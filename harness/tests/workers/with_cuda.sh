#!/bin/sh
# Says that it was built with CUDA, of the version in FAKE_VERSION, and can do no work.
case "$1" in
--built-with) echo "{\"crashpoint\":\"$FAKE_VERSION\",\"features\":[\"cuda\"]}" ;;
*)
	echo "there is nothing that I can do" >&2
	exit 1
	;;
esac
