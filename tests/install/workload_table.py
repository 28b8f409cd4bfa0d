"""Reads the table of workloads of a shared library, as a tool in another language would, and runs one of them."""
import ctypes

BYTES = 32


class Input(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("seed", ctypes.c_uint32), ("size", ctypes.c_uint64), ("folder", ctypes.c_char_p),
                ("way", ctypes.c_char_p)]


class Workload(ctypes.Structure):
    pass


SET_UP = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Workload), ctypes.POINTER(Input), ctypes.POINTER(ctypes.c_void_p),
                          ctypes.c_char_p, ctypes.c_size_t)
RUN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_uint64)
DIGEST = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)
TEAR_DOWN = ctypes.CFUNCTYPE(None, ctypes.c_void_p)
Workload._fields_ = [("name", ctypes.c_char_p), ("what", ctypes.c_char_p), ("unit", ctypes.c_char_p),
                     ("within", ctypes.POINTER(ctypes.c_char_p)), ("size_unit", ctypes.c_char_p), ("size_least", ctypes.c_uint64),
                     ("size_most", ctypes.c_uint64), ("size_default", ctypes.c_uint64), ("flags", ctypes.c_uint32),
                     ("context", ctypes.c_void_p), ("set_up", SET_UP), ("run", RUN), ("digest", DIGEST), ("tear_down", TEAR_DOWN),
                     ("ways", ctypes.POINTER(ctypes.c_char_p)), ("agrees", ctypes.c_void_p)]


class Table(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("struct_size", ctypes.c_uint32), ("workload_size", ctypes.c_uint32),
                ("count", ctypes.c_uint32), ("workloads", ctypes.POINTER(Workload)), ("library", ctypes.c_char_p)]


def run(library, name, seed, size):
    """The digests before and after a run."""
    table = Table.in_dll(ctypes.CDLL(str(library)), "pf_workloads_v1")
    assert (table.version, table.struct_size, table.workload_size) == (1, ctypes.sizeof(Table), ctypes.sizeof(Workload))
    work = next(w for w in table.workloads[:table.count] if w.name == name)
    state, error = ctypes.c_void_p(), ctypes.create_string_buffer(256)
    given = Input(ctypes.sizeof(Input), seed, size, None, None)
    assert work.set_up(ctypes.byref(work), ctypes.byref(given), ctypes.byref(state), error, 256) == 0, error.value
    digests = []
    for n in (0, 2):
        digest = ctypes.create_string_buffer(BYTES)
        assert work.run(state, n) == 0
        work.digest(state, digest)
        digests.append(digest.raw)
    work.tear_down(state)
    return digests
