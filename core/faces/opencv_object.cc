#include "core/faces/opencv_object.h"

#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <opencv2/core.hpp>
#include <opencv2/objdetect.hpp>
#include <string>
#include <vector>

struct pf_opencv_search {
	cv::CascadeClassifier cascade;
	std::vector<cv::Rect> rects;
	std::vector<pf_haar_found> found;
};

/* C++ exceptions never leave this file. OpenCV's allocator throws one of its own. */
static pf_opencv_result result_of(const std::exception &thrown)
{
	const auto *own = dynamic_cast<const cv::Exception *>(&thrown);
	bool no_memory = dynamic_cast<const std::bad_alloc *>(&thrown) ||
			 (own && own->code == cv::Error::StsNoMem);
	return no_memory ? PF_OPENCV_NO_MEMORY : PF_OPENCV_REFUSED;
}

static pf_opencv_result open(const char *cascade_file, pf_opencv_search **out)
{
	*out = nullptr;
	pf_opencv_search *search = nullptr;
	pf_opencv_result result = PF_OPENCV_REFUSED;
	try {
		cv::setNumThreads(1);
		search = new pf_opencv_search();
		if (search->cascade.load(cascade_file)) {
			*out = search;
			return PF_OPENCV_FINE;
		}
	} catch (const std::exception &thrown) { /* its text would be several lines */
		result = result_of(thrown);
	}
	delete search;
	return result;
}

static void close(pf_opencv_search *search)
{
	delete search;
}

static pf_opencv_result run(pf_opencv_search *search, const uint8_t *grey, uint32_t width_px,
			    uint32_t height_px, double scale_factor, int32_t least_neighbours,
			    uint32_t smallest_px, const pf_haar_found **found, size_t *count,
			    char text[PF_OPENCV_TEXT])
{
	*count = 0;
	search->rects.clear(); /* OpenCV leaves it as it was where the picture is smaller than its window */
	try {
		/* OpenCV takes no const data; it does not write to the picture that it searches. */
		const cv::Mat picture(static_cast<int>(height_px), static_cast<int>(width_px), CV_8UC1,
				      const_cast<uint8_t *>(grey), width_px);
		const cv::Size smallest(static_cast<int>(smallest_px), static_cast<int>(smallest_px));
		search->cascade.detectMultiScale(picture, search->rects, scale_factor, least_neighbours, 0,
						 smallest);
		search->found.clear();
		for (const cv::Rect &rect : search->rects) {
			search->found.push_back({rect.x, rect.y, rect.width, rect.height});
		}
	} catch (const std::exception &thrown) {
		snprintf(text, PF_OPENCV_TEXT, "%s", thrown.what());
		text[strcspn(text, "\r\n")] = '\0';
		return result_of(thrown);
	}
	*found = search->found.data();
	*count = search->found.size();
	return PF_OPENCV_FINE;
}

static const char *version()
{
	static const std::string text = cv::getVersionString();
	return text.c_str();
}

extern "C" __attribute__((visibility("default")))
const pf_opencv pf_opencv_v1 = {version, reinterpret_cast<void *>(&cv::getNumThreads), open, close, run};
