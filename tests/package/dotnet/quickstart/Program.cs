// One program puts packets into a ring in shared memory, another one checks them and writes each as a line of text.
//
//   quickstart consumer NAME COUNT OUT [--framed]     makes the ring NAME, takes COUNT packets, writes OUT
//   quickstart producer NAME COUNT [--framed]         puts COUNT packets into it
//
// Either may be the quickstart of another language. --framed: records of any size instead of packets of one size.
using System.Globalization;
using System.Runtime.InteropServices;

const long Patience = 10_000_000_000; // nanoseconds that one side waits for the other

bool framed = args is [.., "--framed"];
args = framed ? args[..^1] : args;
try
{
    return args switch
    {
        ["producer", string name, string count] => Produce(name, Number(count)),
        ["consumer", string name, string count, string path] => Consume(name, Number(count), path),
        _ => Usage(),
    };
}
catch (SluiceException fault)
{
    Console.Error.WriteLine($"quickstart: {fault.Message}");
    return 1;
}

int Produce(string name, uint count)
{
    using Ring ring = Ring.Attach(name, file: null, Patience);
    using PacketProducer producer = PacketProducer.Open(ring);
    for (uint number = 0; number < count; number++)
    {
        Sample sample = Sample.Of(number);
        Status status = framed ? producer.PutRecord(sample) : producer.Put(sample);
        if (status != Status.Ok)
        {
            Console.Error.WriteLine($"quickstart: packet {number}: {status.Describe()}");
            return 1;
        }
    }

    return 0;
}

int Consume(string name, uint count, string path)
{
    using var buffer = new PacketBuffer(new PacketBufferOptions
    {
        Kind = BufferKind.Circular,
        Name = name,
        Shape = framed ? RecordShape.Framed : RecordShape.Fixed,
        Layout = PacketLayout.Of<Sample>(),
        Capacity = 1 << 16,
        FullPolicy = FullPolicy.Block,
        BlockTimeoutNs = Patience,
        Release = new ReleaseRules(after: TimeSpan.FromMilliseconds(20), packets: 100),
    });
    uint seen = 0, wrong = 0;
    buffer.AddTextSink(path, layoutHeader: true);
    buffer.AddCallbackSink((in Batch batch) =>
    {
        foreach (ReadOnlySpan<byte> packet in batch)
        {
            wrong += MemoryMarshal.Read<Sample>(packet) == Sample.Of(seen++) ? 0u : 1u;
        }

        return Status.Ok;
    });
    while (seen < count && buffer.Poll(TimeSpan.FromSeconds(10)))
    {
    }

    buffer.Stop(TimeSpan.FromSeconds(10));
    Console.WriteLine($"{seen} packets, {wrong} wrong");
    return seen == count && wrong == 0 ? 0 : 1;
}

static uint Number(string text) => uint.Parse(text, CultureInfo.InvariantCulture);

static int Usage()
{
    Console.Error.WriteLine("usage: quickstart producer NAME COUNT [--framed] | consumer NAME COUNT OUT [--framed]");
    return 2;
}
