"""Files in a bucket, by S3's protocol. Only settings with S3_BUCKET name this file, so only they load its libraries."""

from botocore.config import Config
from storages.backends.s3 import S3Storage

KEPT_IN_MEMORY = 8 * 2**20  # of a file that is read; a longer one goes through the disk


class PrivateBucket(S3Storage):
    """Nothing in it is given away: no address of a file is signed, and the bucket says who may read.

    No list of rights is sent with a file, as many stores refuse it; without one a file is its owner's alone.
    """

    def __init__(self, **options) -> None:
        patience = Config(
            signature_version="s3v4",
            # With an address of its own a store need not answer under the name of each bucket.
            s3={"addressing_style": "path" if options.get("endpoint_url") else "auto"},
            connect_timeout=5,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": 3},
            # What Amazon alone understands is left out.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        mine = {"client_config": patience, "querystring_auth": False, "max_memory_size": KEPT_IN_MEMORY}
        super().__init__(**mine, **options)
