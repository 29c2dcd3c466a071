import OrreryWire
import Testing

struct MemoryTests {
    @Test func aSlabReusesTheLastPlaceFreedFirst() {
        var slab = Slab<Int>(capacity: 3)
        let places = (0..<3).map { value in slab.add { value } }
        #expect(places == [0, 1, 2])
        #expect(slab.add { 9 } == nil)
        slab.remove(0)
        slab.remove(2)
        #expect(slab.count == 1)
        #expect(slab.add { 9 } == 2)
        #expect(slab[2] == 2, "an element is left as it was until its new owner sets it")
        #expect(slab.add { 9 } == 0)
    }

    @Test func aSlabOfManyCostsNothingUntilItIsUsed() {
        let slab = Slab<InlineArray<1024, UInt8>>(capacity: 100_000_000)
        #expect(slab.extent == 0)
    }

    @Test func aBufferKeepsItsBytesBetweenItsRooms() {
        var buffer = Buffer(capacity: 64, room: 32)
        buffer.append("hello, ")
        buffer.append(Array("world".utf8).span)
        buffer.consume(7)
        buffer.prependChunkSize(buffer.count)
        buffer.append("\r\n")
        #expect(text(buffer) == "5\r\nworld\r\n")
        buffer.truncate(to: 3)
        buffer.append(hexadecimal: 0xbeef)
        buffer.append(UInt8(ascii: " "))
        buffer.append(decimal: UInt64(1_234_567))
        #expect(text(buffer) == "5\r\nbeef 1234567")
        buffer.consume(3)
        buffer.rewind(2)
        #expect(text(buffer) == "\r\nbeef 1234567")
    }

    @Test func numbersAreWrittenWhole() {
        for number in [0, 1, 9, 10, 15, 16, 99, 100, 255, 256, 65_535, 1_000_000, Int.max] {
            var buffer = Buffer(capacity: 64)
            buffer.append(decimal: UInt64(number))
            buffer.append(UInt8(ascii: " "))
            buffer.append(hexadecimal: number)
            if number <= 255 { buffer.append(decimal: UInt8(number)) }
            #expect(text(buffer) == "\(number) \(String(number, radix: 16))" + (number <= 255 ? "\(number)" : ""))
        }
    }

    @Test func aPoolGivesBackWhatFits() {
        var pool = BufferPool()
        for count in [0, 1, 4096, 4097, 16_384, 16_385, BufferPool.largeCapacity] {
            var buffer = pool.buffer(for: count)
            #expect(buffer.isEmpty && buffer.roomAfter >= count)
            if count > 0 { buffer.append(UInt8(0)) }
            pool.recycle(buffer)
        }
        #expect(pool.buffer(for: 10, room: 32).start == 32)
    }

    @Test func noTwoBuffersOfAPoolShareMemory() {
        var pool = BufferPool()
        for count in [4096, 16_384, BufferPool.largeCapacity] {
            // More than are kept of any size; the second time round, some come from the shelf and the others are new.
            for _ in 0..<2 {
                var buffers = Slab<Buffer>(capacity: 300)
                for number in 0..<300 {
                    var buffer = pool.buffer(for: count)
                    buffer.append(decimal: UInt64(number))
                    guard let index = buffers.add(fresh: { Buffer(capacity: 0) }) else { return }
                    swap(&buffers[index], &buffer)
                }
                for number in 0..<300 {
                    var buffer = Buffer(capacity: 0)
                    swap(&buffers[UInt32(number)], &buffer)
                    #expect(text(buffer) == "\(number)" && buffer.capacity == count)
                    pool.recycle(buffer)
                }
            }
        }
    }

    @Test func aBufferOfAnotherSizeIsNotKept() {
        var pool = BufferPool()
        for capacity in [0, 5000, BufferPool.largeCapacity - 1, BufferPool.largeCapacity * 2] {
            pool.recycle(Buffer(capacity: capacity))
            #expect(pool.buffer(for: BufferPool.largeCapacity).capacity == BufferPool.largeCapacity)
        }
    }

    @Test func addressesAreWrittenAsTheyAreSpelled() throws {
        var hosts = (0...255).map { "\($0).\(255 - $0).\($0 / 2).\($0 % 11)" }
        hosts += ["2001:db8:0:0:0:0:0:1", "fe80:0:0:0:1234:5678:9abc:def0"]
        for host in hosts {
            let address = try #require(SocketAddress.resolve(host, port: 80))
            var buffer = Buffer(capacity: 80)
            for _ in 0..<2 { buffer.append(address) }
            #expect(text(buffer) == host + host)
        }
    }

    @Test func deadlinesComeInTheirOrder() {
        var timers = Timers(durations: [100, 10], capacity: 8)
        timers.set(0, 0, now: 0)
        timers.set(1, 1, now: 0)
        timers.set(2, 1, now: 5)
        timers.set(3, 1, now: 5)
        timers.clear(2)
        timers.set(3, 0, now: 6)
        #expect(timers.next == 10)
        #expect(timers.place(of: 3) == 0 && timers.place(of: 2) == nil)
        #expect(timers.expired(now: 9) == nil)
        #expect(timers.expired(now: 10) == 1)
        #expect(timers.next == 100)
        #expect(timers.expired(now: 200) == 0)
        #expect(timers.expired(now: 200) == 3)
        #expect(timers.expired(now: 200) == nil && timers.next == nil)
    }

    @Test func theFirstOfADurationIsTheOneThatWaitsLongest() {
        var timers = Timers(durations: [100, 10], capacity: 8)
        #expect(timers.first(0) == nil)
        for index in [3, 0, 7] as [UInt32] { timers.set(index, 0, now: UInt64(index)) }
        timers.set(5, 1, now: 50)
        #expect(timers.first(0) == 3 && timers.first(1) == 5)
        #expect(timers.elapsed(7, 0, now: 9) == 2 && timers.elapsed(7, 1, now: 9) == nil)
        timers.clear(3)
        timers.clear(3)
        timers.clear(6)
        #expect(timers.first(0) == 0 && timers.elapsed(3, 0, now: 9) == nil)
        timers.set(0, 0, now: 60)
        #expect(timers.first(0) == 7)
    }

    private func text(_ buffer: borrowing Buffer) -> String {
        buffer.read { bytes in
            var text = ""
            for index in 0..<bytes.count { text.unicodeScalars.append(Unicode.Scalar(bytes[index])) }
            return text
        }
    }
}

struct PlaceTests {
    @Test func aByteIsFoundWhereverItIs() {
        for length in 0...40 {
            for at in 0...length {
                var bytes = [UInt8](repeating: 0x3a, count: 50)
                bytes[length] = 0x3b
                bytes[at] = 0x3b
                let found = place(of: 0x3b, in: 0..<length, bytes.span)
                #expect(found == min(at, length), "\(at) of \(length)")
                let later = place(of: 0x3b, in: at..<length, bytes.span)
                #expect(later == found)
            }
        }
    }
}
