"""The job of bench_scale.py as a plain script does it: a thread per image, create_image and a waiter.

    plain_boto3.py URL THREADS RETRIES REGION...

Images every instance of these regions; prints what came of it as JSON. Nothing is clever here, and
nothing is forgotten either: clients are shared, the pool of connections is as large as the threads.
"""

import collections
import concurrent.futures
import json
import resource
import sys
import time

import boto3
import botocore.config

# The waiter takes NotFound for a failure, and DescribeImages lags behind CreateImage.
SOON = 15


def image(client, instance):
    """The error that ended it, or None."""
    try:
        made = client.create_image(InstanceId=instance, Name=f"plain-{instance}", NoReboot=True)
        time.sleep(SOON)
        client.get_waiter("image_available").wait(ImageIds=[made["ImageId"]])
    except Exception as error:  # noqa: BLE001 whatever it is, this image is not there
        return f"{type(error).__name__}: {error}"
    return None


def main():
    url, threads, retries, *regions = sys.argv[1:]
    begin = time.monotonic()
    config = botocore.config.Config(max_pool_connections=int(threads), retries=json.loads(retries))
    clients = {
        region: boto3.client(
            "ec2", region, endpoint_url=url, config=config, aws_access_key_id="a", aws_secret_access_key="b"
        )
        for region in regions
    }
    jobs = []
    for client in clients.values():
        for page in client.get_paginator("describe_instances").paginate():
            jobs += [(client, i["InstanceId"]) for r in page["Reservations"] for i in r["Instances"]]
    with concurrent.futures.ThreadPoolExecutor(int(threads)) as pool:
        ends = list(pool.map(lambda job: image(*job), jobs))
    used = resource.getrusage(resource.RUSAGE_SELF)
    errors = collections.Counter(error.split(": ")[1][:70] for error in ends if error)
    print(
        json.dumps(
            {
                "images": ends.count(None),
                "failed": len(ends) - ends.count(None),
                "errors": errors.most_common(3),
                "wall": time.monotonic() - begin,
                "cpu": used.ru_utime + used.ru_stime,
                "peak": used.ru_maxrss,
            }
        )
    )


if __name__ == "__main__":
    main()
