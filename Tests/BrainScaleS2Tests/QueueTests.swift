// What comes next, against sorting.
import Mathematics
import Testing

@testable import BrainScaleS2

struct QueueTests {
    @Test func theNextIsFirst() throws {
        var stream = RandomStream(seed: 2, stream: 0)
        var queue = TimedQueue()
        var all: [(time: Double, neuron: Int)] = []
        #expect(queue.nextTime == .infinity)
        for step in 0..<3000 {
            if stream.uniform() < 0.55 || all.isEmpty {
                let new = (time: (50 * stream.uniform()).rounded(), neuron: stream.index(below: 9))
                try queue.makeRoom()
                queue.add(new.time, new.neuron)
                all.append(new)
            } else {
                all.sort { ($0.time, $0.neuron) < ($1.time, $1.neuron) }
                #expect(queue.nextTime == all[0].time, "step \(step)")
                #expect(queue.removeFirst() == all[0].neuron, "step \(step)")
                all.removeFirst()
            }
            #expect(queue.count == all.count)
        }
    }

    @Test func factorsAndLanes() {
        #expect(Fraction(0.125).raw == 512)
        #expect(Fraction(-9).raw == .min)
        #expect(Fraction(.nan).raw == 0)
        #expect(Fraction(.infinity).raw == .max)
        let halves =
            SignedLanes([-128, -3, -1, 0, 1, 3, 127]).combined(SignedLanes([0, 0, 0, 0, 0, 0, 0])) { value, _ in
                Fraction(0.5).times(value)
            } as SignedLanes
        #expect(halves.values == [-64, -1, 0, 0, 1, 2, 64])
        let sums = SignedLanes([100, -100, 5]).combined(SignedLanes([100, -100, -6])) { $0 &+ $1 } as SignedLanes
        #expect(sums.values == [127, -128, -1])
    }
}
