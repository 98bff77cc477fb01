// Random cases on the engine under test.
import EventDriven
import Networks
import Spikes
import Testing

@testable import TestSupport

extension RandomCase {
    func forward(_ network: Network? = nil, _ input: SpikeTrains? = nil) throws -> Recording {
        try forward(EventSubstrate(), network, input)
    }
}
