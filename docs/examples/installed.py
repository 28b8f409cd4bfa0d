"""Where the examples find photofinish: in the source tree that they lie in, after scripts/setup, or in the prefix that they were
installed into."""
import pathlib

_HERE = pathlib.Path(__file__).resolve().parent
_TREE = _HERE.parents[1]
_IN_TREE = (_TREE / "scripts/setup").exists()


def _prefix():
    """The nearest folder above that has the program: PREFIX of PREFIX/share/doc/photofinish/examples."""
    return next((folder for folder in _HERE.parents if (folder / "bin/photofinish").exists()), _TREE)


def program():
    return _TREE / "build/photofinish" if _IN_TREE else _prefix() / "bin/photofinish"


def library():
    if _IN_TREE:
        return _TREE / "build/libphotofinish.so"
    return next(iter(sorted(_prefix().glob("lib*/**/libphotofinish.so"))), "libphotofinish.so")


def pose_network():
    return _TREE / "core/models/pose.onnx" if _IN_TREE else _prefix() / "share/photofinish/models/pose.onnx"
