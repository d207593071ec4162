"""Decoding a page of 1,000 images of DescribeImages beside boto3's parser on the same bytes.

Both as CPU time in one run; exit 1 when amid does not take at most 1/10 of boto3's.
"""

import os
import pathlib
import statistics
import subprocess
import sys
import time

import botocore.parsers
import botocore.session

PROGRAM = pathlib.Path(os.environ.get("AMID_B", "build/release")) / "tests/bench/bench-decode"
ROUNDS = 5
LEAST = 10.0


def boto3_seconds(page):
    model = botocore.session.get_session().get_service_model("ec2")
    shape = model.operation_model("DescribeImages").output_shape
    parser = botocore.parsers.create_parser("ec2")
    reply = {"status_code": 200, "headers": {}, "body": page}
    seconds = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        parsed = parser.parse(reply, shape)
        seconds.append(time.process_time() - begin)
        assert len(parsed["Images"]) == 1000 and len(parsed["Images"][0]["Tags"]) == 9
    return statistics.median(seconds)


def main():
    page = subprocess.run([PROGRAM, "--page"], check=True, stdout=subprocess.PIPE).stdout
    theirs = boto3_seconds(page)
    ours = float(subprocess.run([PROGRAM, "--seconds"], check=True, stdout=subprocess.PIPE).stdout)
    ratio = theirs / ours
    print(
        f"decode: 1000 images, {len(page) // 1000} kB: {ours * 1e3:.2f} ms beside {theirs * 1e3:.1f} ms of boto3's "
        f"parser, ratio {ratio:.1f} (wanted: at least {LEAST:.0f})\n"
    )
    return 0 if ratio >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
