"""Arrays that packets are put from or taken into: order, names and byte order of a layout, masks, times."""

import array
import ctypes
import subprocess
import sys

import numpy
import pytest

import sluice
from sluice import PacketFormatter, PacketLayout

TEXT = "> pin:B; time:q; adc:2H; x:f"
DTYPE = numpy.dtype([("pin", "u1"), ("time", ">i8"), ("adc", ">u2", 2), ("x", ">f4")])


def filled(dtype, count=3):
    made = numpy.zeros(count, dtype)
    made.view(numpy.uint8)[:] = numpy.arange(made.nbytes, dtype=numpy.uint8)
    return made


class Ends:
    """Every call that takes packets of a layout out of an array, or writes them into one."""

    def __init__(self, text, tmp_path):
        self.layout = PacketLayout(text)
        self.buffer = sluice.CircularBuffer(layout=self.layout)
        ring = tmp_path / f"{len(list(tmp_path.iterdir()))}.ring"
        self.shared = sluice.CircularBuffer(layout=self.layout, file=ring)
        self.producer = sluice.Producer(file=ring)
        self.formatter = PacketFormatter(self.layout)

    def put_many(self, items):
        return self.buffer.put_many(items)

    def put(self, items):
        return self.buffer.put(items[:1])

    def put_scalar(self, items):
        return self.buffer.put(items[0])

    def pop_many(self, items):
        self.buffer.put(bytes(self.layout.size))
        try:
            return self.buffer.pop_many(out=items.copy())
        finally:
            self.buffer.clear()

    def produce_many(self, items):
        return self.producer.put_many(items)

    def produce(self, items):
        return self.producer.put(items[:1])

    def format(self, items):
        return self.formatter.format(items)

    def check(self, items):
        return self.layout.check(items)

    def close(self):
        self.producer.close()
        self.shared.discard()
        self.buffer.discard()


CALLS = ["put_many", "put", "put_scalar", "pop_many", "produce_many", "produce", "format", "check"]


@pytest.fixture
def ends(tmp_path):
    made = []

    def make(text):
        made.append(Ends(text, tmp_path))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("dtype", "text"),
    [
        ([("time", ">i8"), ("pin", "u1"), ("adc", ">u2", 2), ("x", ">f4")], "'time' of >i8 at byte 0, the layout 'pin' of uint8"),
        ([("pin", "u1"), ("tick", ">i8"), ("adc", ">u2", 2), ("x", ">f4")], "'tick' of >i8 at byte 1, the layout 'time'"),
        ([("pin", "u1"), ("time", "<i8"), ("adc", "<u2", 2), ("x", "<f4")], "'time' of int64 at byte 1, the layout 'time' of >i8"),
        ([("pin", "u1"), ("time", ">i8"), ("adc", ">i2", 2), ("x", ">f4")], "'adc'"),
        ([("pin", "u1"), ("time", ">i8"), ("adc", ">u2"), ("y", ">u2"), ("x", ">f4")], "'adc'"),
        ([("pin", "u1"), ("time", ">c16")], "no packets of the layout"),
        ([("pin", "u1"), ("time", ">i8"), ("adc", "<u2", 2), ("x", ">f4")], "no packets of the layout"),
        ([("pin", "u1"), ("time", ">i8"), ("adc", ">u2", 2)], "3 fields in 13 bytes, the layout 4 in 17"),
        (">i8", "'pin' of the layout is"),
    ],
)
def test_another_dtype_is_refused_and_nothing_is_stored(ends, call, dtype, text):
    end = ends(TEXT)
    with pytest.raises(TypeError, match=text) as fault:
        getattr(end, call)(filled(dtype))
    assert "numpy.uint8" in str(fault.value)  # what to do, where the bytes are right
    assert len(end.buffer) == len(end.shared) == 0


@pytest.mark.parametrize("call", CALLS)
def test_the_dtype_of_the_layout_passes_every_call(ends, call):
    end = ends(TEXT)
    for items in (filled(DTYPE), filled(end.layout.dtype()), filled(DTYPE).view(f"V{DTYPE.itemsize}")):
        for _ in range(2):  # the second one is not looked at
            assert getattr(end, call)(items) not in (False, 0)


def test_bytes_of_any_kind_are_packets(ends):
    end = ends(TEXT)
    whole = filled(DTYPE)
    kinds = [whole.tobytes(), bytearray(whole), memoryview(whole.tobytes()), whole.view(numpy.uint8), whole.view(numpy.int8)]
    kinds += [whole.view(numpy.uint8).reshape(3, -1), array.array("B", whole.tobytes()), memoryview(whole).cast("B")]
    kinds += [(ctypes.c_ubyte * whole.nbytes).from_buffer_copy(whole)]
    for items in kinds:
        assert end.put_many(items) == 3
        assert end.produce_many(items) == 3
        assert numpy.array_equal(end.buffer.pop_many(), whole)
        assert numpy.array_equal(end.shared.pop_many(), whole)


def test_nested_and_aligned_items_are_what_a_layout_makes_of_them(ends):
    nested = numpy.dtype([("at", [("x", "<f4"), ("y", "<f4")]), ("hits", "<u2", (2, 2))])
    end = ends(PacketLayout.from_dtype(nested).text)
    assert end.put_many(filled(nested)) == 3
    with pytest.raises(TypeError, match="'at_y' of float32 at byte 0, the layout 'at_x'"):
        end.put_many(filled([("at", [("y", "<f4"), ("x", "<f4")]), ("hits", "<u2", (2, 2))]))


def test_numbers_without_names_are_those_of_every_field(ends):
    end = ends("< x:f; y:f; z:f")
    assert end.put_many(numpy.ones((5, 3), "<f4")) == 5
    assert end.buffer.put(numpy.ones(3, "<f4"))
    assert end.buffer.put(array.array("f", [1, 2, 3]))
    assert end.buffer.pop_many(out=numpy.empty((7, 3), "<f4")) == 7
    for other in (numpy.ones((5, 3), ">f4"), numpy.ones((5, 3), "<i4"), array.array("i", [1, 2, 3]), array.array("d", [1])):
        with pytest.raises(TypeError, match="'x' of the layout is <f4"):
            end.put_many(other)
    with pytest.raises(sluice.SluiceError, match="items of the array have 4 bytes"):
        end.put_many(numpy.ones(6, "<f4"))


def test_numbers_do_not_fill_a_gap(ends):
    with pytest.raises(TypeError, match="padding"):
        ends("< x:f; 4x; y:f").put_many(numpy.ones((5, 3), "<f4"))
    with pytest.raises(TypeError, match="'x' of the layout is <u2"):
        ends("< x:H; y:H").put_many(array.array("I", [1]))


class Pair(ctypes.Structure):
    _fields_ = (("a", ctypes.c_uint32), ("b", ctypes.c_uint16 * 2))


class Riap(ctypes.Structure):
    _fields_ = (("b", ctypes.c_uint16 * 2), ("a", ctypes.c_uint32))


def test_structures_of_c_are_compared(ends):
    end = ends("= a:I; b:2H")
    assert end.put_many((Pair * 3)()) == 3
    assert end.buffer.put(Pair())
    assert end.put_many(memoryview(numpy.zeros(2, [("a", "u4"), ("b", "u2", 2)]))) == 2
    for other in ((Riap * 3)(), Riap(), memoryview(numpy.zeros(2, [("b", "u2", 2), ("a", "u4")]))):
        with pytest.raises(TypeError, match="no packets of the layout"):
            end.put_many(other)
    assert len(end.buffer) == 6


def test_without_numpy_what_has_one_type_is_compared():
    code = """
import array, ctypes, sys
sys.modules["numpy"] = None
import sluice
class Pair(ctypes.Structure):
    _fields_ = [("a", ctypes.c_uint32), ("b", ctypes.c_uint32)]
with sluice.CircularBuffer(layout="= a:I; b:I") as buffer:
    assert buffer.put(array.array("I", [1, 2])) and buffer.put(array.array("I", [3, 4]))
    assert buffer.put_many(bytes(8)) == 1
    for bad, text in ((array.array("d", [1.0]), "<u4"), ((Pair * 2)(), "needs NumPy")):
        try:
            buffer.put_many(bad)
        except TypeError as error:
            assert text in str(error), error
        else:
            sys.exit("not refused")
    assert buffer.put_many(memoryview((Pair * 2)()).cast("B")) == 2
    buffer.clear()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("call", CALLS)
def test_a_mask_is_refused(ends, call):
    end = ends("< a:I")
    items = numpy.ma.masked_array(numpy.arange(3, dtype="<u4"), mask=[0, 1, 0])
    assert getattr(end, call)(items.filled(0)) not in (False, 0)  # the same dtype: it is the type that is refused
    if call != "put_scalar":
        with pytest.raises(TypeError, match=r"mask.*filled\(value\)"):
            getattr(end, call)(items)


def test_a_mask_is_refused_without_a_layout_too(make):
    with pytest.raises(TypeError, match="mask"):
        make(packet_size=4).put_many(numpy.ma.masked_array(numpy.arange(3, dtype="<u4"), mask=[0, 1, 0]))
    with pytest.raises(TypeError, match="mask"):
        sluice.Buffer()(numpy.ma.masked_array(numpy.arange(3), mask=[0, 1, 0]))


@pytest.mark.parametrize("unit", ["ns", "D"])
def test_times_are_integers(ends, unit):
    end = ends("< t:q; v:f")
    items = numpy.zeros(3, [("t", f"<M8[{unit}]"), ("v", "<f4")])
    items["t"] = numpy.arange(3).astype(f"M8[{unit}]")
    for call in ("put_many", "put", "put_scalar", "produce_many", "format", "check"):
        assert getattr(end, call)(items) not in (False, 0)
    assert end.buffer.pop_many(3)["t"].tolist() == [0, 1, 2]
    end.buffer.clear()
    assert end.put_many(items) == 3
    out = numpy.zeros(3, [("t", f"<m8[{unit}]"), ("v", "<f4")])
    assert end.buffer.pop_many(out=out) == 3
    assert out["t"].astype("i8").tolist() == [0, 1, 2]
    with pytest.raises(TypeError, match="'t' of >i8|no packets of the layout"):
        end.put_many(items.astype([("t", f">M8[{unit}]"), ("v", "<f4")]))


def test_plain_times_are_packets_of_one_integer(make):
    times = numpy.arange(5).astype("<M8[us]")
    for options in ({"layout": "< t:q"}, {"packet_size": 8}):
        buffer = make(**options)
        assert buffer.put_many(times) == 5
        assert buffer.put(times[0])
        assert len(buffer) == 6
    with pytest.raises(TypeError, match="'t' of the layout is <u8"):
        make(layout="< t:Q").put_many(times)


def test_buffers_of_records_keep_times(make):
    buffer = sluice.Buffer(count_threshold=2)
    times = numpy.arange(3).astype("M8[s]")
    assert numpy.array_equal(buffer(times), times)
    buffer.close()


def test_packets_of_a_class_are_unpacked_from_its_items():
    packet = PacketLayout(TEXT).packet_class()
    assert packet.unpack(filled(DTYPE)[0]).data == filled(DTYPE)[:1].tobytes()
    with pytest.raises(TypeError, match="'tick'"):
        packet.unpack(filled([("pin", "u1"), ("tick", ">i8"), ("adc", ">u2", 2), ("x", ">f4")])[0])


def test_a_claim_takes_bytes_alone(make):
    buffer = make(layout="< a:I")
    with pytest.raises(ValueError, match="structure"), buffer.claim(2) as view:
        view[:] = numpy.zeros(2, "<f4")
    with buffer.claim(2) as view:
        view[:] = numpy.zeros(2, "<f4").view(numpy.uint8)
    assert len(buffer) == 2


def test_a_packet_file_has_the_dtype_of_its_layout(tmp_path):
    (tmp_path / "a.dat").write_bytes(filled(DTYPE).tobytes())
    with sluice.PacketFile(tmp_path / "a.dat", TEXT) as file:
        assert file.array.dtype == PacketLayout(TEXT).dtype()
        with sluice.FIFO(layout=TEXT) as buffer:
            assert buffer.put_many(file.array) == 3
            assert numpy.array_equal(buffer.pop_many(), filled(DTYPE))


def test_a_dtype_is_a_layout():
    buffer = sluice.FIFO(layout=DTYPE)
    assert buffer.layout == PacketLayout.from_dtype(DTYPE)
    assert buffer.put_many(filled(DTYPE)) == 3
    with pytest.raises(TypeError, match="a packet class, or a NumPy dtype"):
        sluice.FIFO(layout=5)


@pytest.mark.parametrize("layout", [None, "< number:I"])
def test_an_array_with_gaps_says_what_to_do(layout):
    buffer = sluice.FIFO(layout=layout, packet_size=None if layout else 4)
    numbers = numpy.arange(10, dtype="<u4")
    assert buffer.put_many(numbers) == 10
    with pytest.raises(ValueError, match="not C-contiguous: put numpy.ascontiguousarray of it"):
        buffer.put_many(numbers[::2])
    assert buffer.put_many(numpy.ascontiguousarray(numbers[::2])) == 5
