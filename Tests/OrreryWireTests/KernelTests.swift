import Glibc
import OrreryWire
import Testing

struct KernelTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1:80", true), ("::ffff:10.1.2.3", "10.1.2.3:80", true),
        ("::1", "[0:0:0:0:0:0:0:1]:80", false),
        ("", "[0:0:0:0:0:0:0:0]:80", false),
    ])
    func addressesHaveOneForm(_ host: String, _ text: String, _ isIPv4: Bool) {
        let address = SocketAddress.resolve(host, port: 80)
        #expect(address?.description == text)
        #expect(address?.isIPv4 == isIPv4)
    }

    @Test func twoListenersShareAPortOnlyWhenBothSaySo() throws {
        let place = try #require(SocketAddress.resolve("127.0.0.1", port: 0))
        let first = try Descriptor.listener(on: place, .shared)
        let taken = place.with(port: first.boundPort)
        let second = try Descriptor.listener(on: taken, .shared)
        #expect(second.boundPort == first.boundPort)
        for sharing in [Descriptor.Sharing.alone, .first] {
            #expect(throws: SystemError.self) { _ = try Descriptor.listener(on: taken, sharing).boundPort }
        }
    }

    @Test func theFirstListenerHasItsPortForThoseThatFollow() throws {
        let place = try #require(SocketAddress.resolve("127.0.0.1", port: 0))
        let first = try Descriptor.listener(on: place, .first)
        let taken = place.with(port: first.boundPort)
        for sharing in [Descriptor.Sharing.alone, .first] {
            #expect(throws: SystemError.self) { _ = try Descriptor.listener(on: taken, sharing).boundPort }
        }
        let second = try Descriptor.listener(on: taken, .shared)
        #expect(second.boundPort == first.boundPort)
        let alone = try Descriptor.listener(on: place, .alone)
        #expect(throws: SystemError.self) {
            _ = try Descriptor.listener(on: place.with(port: alone.boundPort), .shared).boundPort
        }
    }

    /// Linux takes a full window of the other side for its absence once this limit is set: a paused download would be lost.
    @Test func onlyWhatIsWatchedOverEndsWhenTheOtherSideTakesNothing() throws {
        let kernel = try #require(LinuxKernel())
        defer { kernel.end() }
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        func option(_ level: CInt, _ name: CInt) -> CInt {
            var value: CInt = -1
            var size = socklen_t(MemoryLayout<CInt>.size)
            _ = unsafe getsockopt(descriptor, level, name, &value, &size)
            return value
        }
        let tcp = CInt(IPPROTO_TCP)
        #expect(option(SOL_SOCKET, SO_KEEPALIVE) == 0)
        kernel.keepAlive(descriptor)
        #expect(option(SOL_SOCKET, SO_KEEPALIVE) == 1 && option(tcp, TCP_KEEPIDLE) == 30)
        #expect(option(tcp, TCP_USER_TIMEOUT) == 0)
        kernel.watchOver(descriptor)
        #expect(option(tcp, TCP_USER_TIMEOUT) == 20_000)
    }

    @Test func eventsCarryTheirTokensAndTheTimerEndsAWait() throws {
        var kernel = try #require(LinuxKernel())
        defer { kernel.end() }
        let signal = try Descriptor.signal()
        kernel.watchSource(signal.number, token: 42)
        #expect(kernel.wait(until: .now) == 0)
        signal.signal()
        #expect(kernel.wait(until: .never) == 1)
        #expect(kernel.event(0).token == 42)
        kernel.clearSignal(signal.number)
        let start = kernel.now().monotonic
        var turns = 0
        while kernel.now().monotonic < start + 20, turns < 100 {
            for index in 0..<kernel.wait(until: .at(start + 20)) { _ = kernel.event(index) }
            turns += 1
        }
        #expect(turns < 100, "the wait did not wait")
    }
}
