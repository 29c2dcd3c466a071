import OrreryModel
import Testing

struct QuantityTests {
    @Test(arguments: [
        ("0", 0), ("1536", 1536), ("1k", 1000), ("4G", 4_000_000_000), ("4Gi", 4_294_967_296), ("8191Pi", 8191 << 50),
    ])
    func bytesAreReadExactly(text: String, bytes: Int64) {
        #expect(ByteCount(text)?.bytes == bytes)
    }

    @Test(arguments: ["", "Gi", "-1", "1.5Gi", "4 Gi", "4gi", "4GiB", "8192Pi", "9223372036854775808", "٤Gi"])
    func whatIsNotAByteCountIsRefused(text: String) {
        #expect(ByteCount(text) == nil)
    }

    @Test(arguments: [("2147483648", "2Gi"), ("1536Mi", "1536Mi"), ("1000", "1000"), ("0", "0")])
    func bytesAreWrittenShortAndExact(text: String, written: String) {
        #expect(ByteCount(text)?.description == written)
    }

    @Test(arguments: [("2", 2000), ("500m", 500), ("1.5", 1500), ("0.001", 1), ("0", 0)])
    func processorsAreReadExactly(text: String, millicores: Int64) {
        #expect(CPUCount(text)?.millicores == millicores)
    }

    @Test(arguments: ["", "m", ".5", "1.", "0.0001", "-1", "2 ", "2k", "9223372036854775807"])
    func whatIsNotAProcessorCountIsRefused(text: String) {
        #expect(CPUCount(text) == nil)
    }
}
