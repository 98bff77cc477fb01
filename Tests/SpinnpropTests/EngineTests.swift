// The facade: names of engines, refusals by name, and network options.
import Spinnprop
import Testing

struct EngineTests {
    @Test func namesAndCodes() throws {
        for engine in Engine.all {
            #expect(try Engine(name: engine.name).code == engine.code)
            #expect(try Engine(code: engine.code).name == engine.name)
            #expect(engine.substrate.name == engine.name && engine.gradientRule.name == engine.name)
        }
        #expect(Engine.clock(TimeGrid()).name == "clock" && Engine.clock(TimeGrid()).code == 1)
        #expect(try Engine(name: "spinnaker2").code == 2)
        #expect(Engine.event.name == "event" && Engine.event.code == 0 && Engine.defaultEngine == .event)
        for name in ["", "Event", "clock-work"] {
            let error = #expect(throws: SpinnpropError.self) { try Engine(name: name) }
            #expect(error?.kind == .invalidValue && error?.message.contains("\"event\"") == true)
        }
        #expect(throws: SpinnpropError.self) { try Engine(code: -1) }
    }
}
