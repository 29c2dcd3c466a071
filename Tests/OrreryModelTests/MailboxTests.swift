import Synchronization
import Testing

@testable import OrreryModel

struct MailboxTests {
    @Test func everythingComesInItsOrder() async {
        let mailbox = Mailbox<Int>()
        async let taken = {
            var taken: [Int] = []
            while let one = await mailbox.next() { taken.append(one) }
            return taken
        }()
        await withTaskGroup { group in
            for writer in 0..<4 {
                group.addTask {
                    for number in 0..<500 {
                        #expect(mailbox.put(writer * 1000 + number))
                        if number.isMultiple(of: 7) { await Task.yield() }
                    }
                }
            }
        }
        mailbox.close()
        let all = await taken
        #expect(all.count == 2000)
        for writer in 0..<4 { #expect(all.filter { $0 / 1000 == writer } == (0..<500).map { writer * 1000 + $0 }) }
    }

    @Test func itKnowsWhetherMoreIsThere() async {
        let mailbox = Mailbox<Int>()
        #expect(mailbox.isEmpty && mailbox.put(1) && mailbox.put(2) && !mailbox.isEmpty)
        #expect(await mailbox.next() == 1 && !mailbox.isEmpty)
        #expect(mailbox.put(3))
        #expect(await mailbox.next() == 2)
        #expect(await mailbox.next() == 3 && mailbox.isEmpty)
    }

    @Test func oneThatIsNeverQuiteEmptyDoesNotGrow() async {
        let mailbox = Mailbox<Int>()
        mailbox.put(0)
        for number in 1...1000 {
            mailbox.put(number)
            #expect(await mailbox.next() == number - 1)
        }
        #expect(mailbox.state.withLock { $0.elements.count } < 4)
    }

    @Test func whatCameBeforeTheEndIsTakenAndNothingAfterIt() async {
        let mailbox = Mailbox<Int>()
        #expect(mailbox.put(1))
        mailbox.close()
        #expect(!mailbox.put(2))
        #expect(await mailbox.next() == 1)
        #expect(await mailbox.next() == nil)
    }

    @Test func cancellingItsReaderClosesIt() async {
        let mailbox = Mailbox<Int>()
        let reader = Task { await mailbox.next() }
        reader.cancel()
        #expect(await reader.value == nil)
        #expect(!mailbox.put(1))
    }
}
