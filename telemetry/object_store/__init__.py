"""What a stack wants of SeaweedFS beside its buckets: who may use them, and who may not delete them."""
