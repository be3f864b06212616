// Statuses, results and errors: the two ways in which a call reports.
#include "cpp.hpp"

static_assert(std::is_nothrow_move_constructible_v<sluice::result<sluice::buffer>>);
static_assert(!std::is_constructible_v<sluice::status, bool>);
static_assert(noexcept(std::declval<sluice::buffer &>().try_put(packet{})));
static_assert(noexcept(sluice::buffer::try_create(std::declval<const sluice::buffer_options &>())));

static void statuses_tell_what_they_are()
{
    constexpr sluice::status done;
    static_assert(done.ok() && !done.not_now() && !done.fault() && done);
    static_assert(sluice::status(SLUICE_TIMEOUT).not_now() && !sluice::status(SLUICE_TIMEOUT));
    static_assert(sluice::status(SLUICE_E_SIZE).fault() && sluice::status(SLUICE_E_SIZE) == SLUICE_E_SIZE);
    CHECK(std::string(sluice::status(SLUICE_E_SIZE).text()) == sluice_status_text(SLUICE_E_SIZE));
    CHECK(std::string(sluice::status(SLUICE_OK).text()) == sluice_status_text(SLUICE_OK));
    CHECK(has(sluice::status(12345).text(), "unknown"));
    done.expect();
    CHECK_THROWS(sluice::status(SLUICE_WOULD_BLOCK).expect(), SLUICE_WOULD_BLOCK, "WOULD_BLOCK");
}

static void errors_carry_code_and_text()
{
    CHECK_THROWS(sluice::layout("<a:Z"), SLUICE_E_LAYOUT, "expected a type");
    CHECK(has(sluice::last_error(), "expected a type"));
    CHECK_THROWS(sluice::buffer(sluice::buffer_options{}), SLUICE_E_INVALID, "stride");
    try {
        sluice::layout unknown("plasduino");
        CHECK(false);
    } catch (const std::runtime_error &thrown) {
        CHECK(has(thrown.what(), "E_LAYOUT") && has(thrown.what(), "plasduino-digital"));
    }
}

static void twins_answer_instead()
{
    auto bad = sluice::layout::try_create("<a:Z");
    CHECK(!bad && bad.status() == SLUICE_E_LAYOUT && !*bad);
    CHECK_THROWS(bad.value(), SLUICE_E_LAYOUT, "");
    auto good = sluice::layout::try_create("<a:B; b:H");
    CHECK(good && good->size() == 3);
    sluice::layout taken = std::move(good).value();
    CHECK(taken.size() == 3);
    CHECK(sluice::buffer::try_create({}).status() == SLUICE_E_INVALID);
    CHECK(sluice::result<int>(SLUICE_E_IO).value_or(7) == 7);
    CHECK(sluice::result<int>(SLUICE_OK, 5).value_or(7) == 5);
}

int main()
{
    statuses_tell_what_they_are();
    errors_carry_code_and_text();
    twins_answer_instead();
    CHECK(has(sluice::build_info(), "sluice " SLUICE_TEST_VERSION));
}
