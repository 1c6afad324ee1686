#include "cli/complaint.hpp"

#include <gtest/gtest.h>

namespace kith::cli {
namespace {

Answer refusal(unsigned status, const char* code, const char* message) {
    return {.status = status, .document = Json{{"error", {{"code", code}, {"message", message}}}}};
}

TEST(Complaint, AStoppedDaemonIsNamedWithItsSocketAndItsCure) {
    EXPECT_EQ(
        complaint_of({.code = ClientErrc::no_socket}, "/run/x").sentence,
        "kithd is not running (no socket at /run/x); start it with: kithd");
    EXPECT_EQ(
        complaint_of({.code = ClientErrc::nobody}, "/run/x").sentence,
        "kithd is not running (nobody listens at /run/x); start it with: kithd");
    EXPECT_EQ(complaint_of({.code = ClientErrc::nobody}, "/run/x").exit_code, kExitFailed);
}

TEST(Complaint, EveryFailureButAnInterruptionHasASentence) {
    for (const ClientErrc code :
         {ClientErrc::no_socket,
          ClientErrc::nobody,
          ClientErrc::forbidden,
          ClientErrc::timed_out,
          ClientErrc::too_long,
          ClientErrc::broken,
          ClientErrc::no_document}) {
        EXPECT_NE(complaint_of({.code = code}, "/run/x").sentence, "");
    }
}

TEST(Complaint, AnInterruptionEndsAsShellsExpect) {
    const Failure failure = complaint_of({.code = ClientErrc::interrupted, .signal = 2}, "/x");
    EXPECT_EQ(failure.exit_code, 130);
    EXPECT_EQ(failure.sentence, "");
}

TEST(Complaint, WhatTheUserTypedWrongIsAMistakeOfUsage) {
    for (const char* code :
         {"bad_request", "bad_name", "bad_label", "bad_address", "bad_payload", "bad_document"}) {
        EXPECT_EQ(complaint_of(refusal(400, code, "No.")).exit_code, kExitUsage) << code;
    }
    for (const char* code : {"not_found", "timed_out", "wrong_password", "storage", "in_use"}) {
        EXPECT_EQ(complaint_of(refusal(404, code, "No.")).exit_code, kExitFailed) << code;
    }
}

TEST(Complaint, TheDaemonsSentenceIsFollowedByWhatToDo) {
    EXPECT_EQ(
        complaint_of(refusal(403, "passphrase_needed", "alice is protected")).sentence,
        "alice is protected; give it with --passphrase-file FILE");
    EXPECT_EQ(
        complaint_of(refusal(503, "resolve_only", "Nothing is published there")).sentence,
        "Nothing is published there; why, says: kith cloud status CLOUD (see: kith cloud list)");
    EXPECT_EQ(
        complaint_of(refusal(404, "not_found", "Nobody holds 0.x")).sentence, "Nobody holds 0.x");
}

TEST(Complaint, ANameAtTheEndKeepsItsDots) {
    const char* sentence = "there is no identity called foo...";
    EXPECT_EQ(complaint_of(refusal(404, "not_found", sentence)).sentence, sentence);
}

TEST(Complaint, ARefusalWithoutASentenceStillHasOne) {
    EXPECT_EQ(
        complaint_of({.status = 500, .document = Json::object()}).sentence,
        "kithd refused with HTTP status 500");
}

TEST(Complaint, TheDocumentIsKept) {
    const Answer answer = refusal(404, "not_found", "no");
    EXPECT_EQ(complaint_of(answer).document, answer.document);
}

} // namespace
} // namespace kith::cli
