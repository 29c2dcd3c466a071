import Testing

@testable import OrrerySpawn

struct AgendaTests {
    @Test(arguments: 0..<20)
    func theEarliestComesFirst(_ seed: UInt64) {
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        var agenda = Agenda<UInt64>()
        var times: [UInt64] = []
        for _ in 0..<200 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let time = state >> 58
            times.append(time)
            agenda.add(time, at: .seconds(time))
        }
        agenda.keep { $0 % 3 != 0 }
        var taken: [UInt64] = []
        while let (time, item) = agenda.first {
            #expect(time == .seconds(item))
            taken.append(item)
            agenda.removeFirst()
        }
        #expect(taken == times.filter { $0 % 3 != 0 }.sorted())
    }
}
