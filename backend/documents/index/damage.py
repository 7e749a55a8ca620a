"""What is wrong with the files of an index. Each is a cache, so the mend is always to make it anew."""


class IndexDamaged(Exception):
    """The lexical file is no index of ours, or it cannot be read."""


class VectorsDamaged(Exception):
    """The vector files are no index of this space, or they do not hold what they say."""
