using Sluice.Packets;
using Xunit;

namespace Sluice.Tests.Packets;

/// <summary>NumPy data types as layouts.</summary>
public sealed class NumpyTests
{
    [Theory]
    [InlineData("plasduino-digital")]
    [InlineData("plasduino-analog")]
    [InlineData("jitter")]
    [InlineData("< a:B; 3x; b:4h; c:?; d:e; e:f; f:d; g:10s; h:c; i:3c; j:b; k:q; l:Q; 5x")]
    [InlineData("@ a:B; b:I; c:B; d:d; e:2l")]
    public void A_layout_comes_back_from_its_dtype(string text)
    {
        PacketLayout layout = PacketLayout.Get(text);
        PacketLayout back = PacketLayout.FromNumpy(layout.ToNumpyDescr());
        Assert.Equal(layout.ToNumpyDescr(), back.ToNumpyDescr());
        Assert.Equal(layout.Size, back.Size);
        Assert.Equal(Places(layout), Places(back));
    }

    [Theory]
    [InlineData("\"<u2\"", "<value:H")]
    [InlineData("\">i8\"", ">value:q")]
    [InlineData("\"=f4\"", "<value:f")]
    [InlineData("\"|S8\"", "<value:8s")]
    [InlineData("\"?\"", "<value:?")]
    [InlineData("[\"<u2\", [2, 3]]", "<value:6H")]
    [InlineData("\"(2,3)>u2\"", ">value:6H")]
    [InlineData("\"3i4\"", "<value:3i")]
    [InlineData("\"2S4\"", "<value_0:4s; value_1:4s")]
    [InlineData("""{"names":["a","b"],"formats":["u1","<u4"]}""", "<a:B; b:I")]
    [InlineData("""{"names":["b","a"],"formats":["<u4","u1"],"offsets":[4,0],"itemsize":12}""", "<a:B; 3x; b:I; 4x")]
    [InlineData("""{"names":["p","q"],"formats":[{"names":["x","y"],"formats":[">f4",">f4"]},">u2"]}""", ">p_x:f; p_y:f; q:H")]
    [InlineData(
        """{"names":["h"],"formats":[[{"names":["t","a"],"formats":["<u4","u1"],"offsets":[0,4],"itemsize":8},2]]}""",
        "<h_0_t:I; h_0_a:B; 3x; h_1_t:I; h_1_a:B; 3x")]
    [InlineData("""{"names":["s"],"formats":[["S4",[2]]]}""", "<s_0:4s; s_1:4s")]
    [InlineData("""{"names":["v"],"formats":["V5"],"itemsize":6}""", "<v:5s; x")]
    public void A_type_becomes_fields(string json, string text)
    {
        Assert.Equal(PacketLayout.Parse(text), PacketLayout.FromNumpy(json));
    }

    [Theory]
    [InlineData("\"|O\"", "a Python object")]
    [InlineData("\"<U8\"", "UTF-32")]
    [InlineData("\"<c16\"", "complex")]
    [InlineData("\"<M8[ns]\"", "a date")]
    [InlineData("\"<f16\"", "another size")]
    [InlineData("\"<i4x\"", "no type string")]
    [InlineData("\"<i3\"", "another size")]
    [InlineData("\"|S0\"", "no bytes")]
    [InlineData("\"\"", "no type known")]
    [InlineData("17", "found 17")]
    [InlineData("[\"<u2\"]", "[type, shape]")]
    [InlineData("[\"<u2\", -1]", "-1")]
    [InlineData("{\"names\":", "JSON")]
    [InlineData("{}", "'names'")]
    [InlineData("""{"names":["a"],"formats":["u1"],"offsets":7}""", "one length")]
    [InlineData("""{"names":["a","b"],"formats":["u1"]}""", "one length")]
    [InlineData("""{"names":["a","b"],"formats":["<u2",">u2"]}""", "'b': it is big-endian, but 'a' is little-endian")]
    [InlineData("""{"names":["a","b"],"formats":["<u4","u1"],"offsets":[0,2]}""", "within 'a'")]
    [InlineData("""{"names":["a"],"formats":["<u4"],"itemsize":3}""", "itemsize is 3")]
    [InlineData("""{"names":["x y"],"formats":["u1"]}""", "'x y' is not a field name")]
    [InlineData("""{"names":["a","a"],"formats":["u1","u1"]}""", "of that name already")]
    [InlineData("""{"names":["a"],"formats":["u1"],"offsets":[99999999]}""", "at most 16777216")]
    [InlineData("\"(999999,999999)u1\"", "at most 16777216")]
    [InlineData("\"(99999)S2\"", "more than 65536 fields")]
    [InlineData("""{"names":[],"formats":[]}""", "at least one field")]
    public void What_no_packet_has_is_refused_by_name(string json, string word)
    {
        LayoutException fault = Assert.Throws<LayoutException>(() => PacketLayout.FromNumpy(json));
        Assert.Contains(word, fault.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Places(PacketLayout layout) => layout.Fields
        .Where(field => !field.IsBits)
        .Select(field => $"{field.Name} {field.Offset} {field.ElementSize} {field.Count}");
}
