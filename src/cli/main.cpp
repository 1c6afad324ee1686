#include "cli/environment.hpp"
#include "cli/failure.hpp"
#include "cli/program.hpp"
#include "cli/standard_output.hpp"
#include "host/standard_descriptors.hpp"

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    using namespace kith::cli; // NOLINT(google-build-using-namespace): the program is this layer
    kith::host::occupy_standard_descriptors();
    try {
        const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
        const Outcome outcome = run(arguments, read_environment());
        std::fputs(outcome.err.c_str(), stderr);
        if (const auto printed = print(outcome.out); !printed) {
            const Failure& failure = printed.error();
            if (!failure.sentence.empty()) {
                std::fprintf(stderr, "kith: %s\n", failure.sentence.c_str());
            }
            return failure.exit_code;
        }
        return outcome.afterwards ? outcome.afterwards() : outcome.exit_code;
    } catch (const std::exception& error) {
        // Memory has run out, or a library broke its word; there is nothing better to say.
        std::fprintf(stderr, "kith: %s\n", error.what());
        return kExitFailed;
    }
}
